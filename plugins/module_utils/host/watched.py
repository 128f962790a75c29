"""Which daemons, units and packages the host part looks at, and whose they are."""

from __future__ import annotations

import re

from .words import words

#: Daemons by process name (cut to 15 characters by the kernel) and the component they belong to.
PROCESSES = {
    "asterisk": "asterisk", "safe_asterisk": "asterisk", "freeswitch": "freeswitch",
    "kamailio": "kamailio", "opensips": "opensips",
    "rtpengine": "rtpengine", "rtpengine-recor": "rtpengine", "rtpproxy": "rtpproxy",
    "turnserver": "coturn", "janus": "janus",
}  # fmt: skip

_OTHERS = frozenset(
    words(
        """
    sshd dropbear telnetd in.telnetd inetd xinetd tftpd in.tftpd atftpd vsftpd proftpd pure-ftpd apache2
    httpd nginx lighttpd caddy mysqld mariadbd postgres redis-server valkey-server mongod rsyslogd syslog-ng
    vector fluent-bit filebeat promtail heplify captagent chronyd ntpd openntpd systemd-timesyn
    systemd-journal systemd-resolve fail2ban-server crowdsec cron crond auditd dnsmasq dhcpd kea-dhcp4
    kea-dhcp6 unbound named snmpd rpcbind smbd nfsd avahi-daemon cupsd master exim4 dockerd containerd
    podman node_exporter prometheus zabbix_agentd zabbix_agent2 check_mk_agent nrpe sngrep tcpdump tshark
    dumpcap gdb strace wg-quick openvpn charon x11vnc Xvnc xrdp cockpit-ws webmin miniserv.pl restic borg
    rsync vncserver anydesk teamviewerd
    """
    )
)
_PREFIXES = ("php-fpm",)


def is_watched_process(name: str) -> bool:
    """Whether a process of this name becomes an object."""
    return name in PROCESSES or name in _OTHERS or name.startswith(_PREFIXES)


#: Units asked by name, with the component they belong to.
UNITS = {
    "asterisk.service": "asterisk", "freepbx.service": "asterisk", "freeswitch.service": "freeswitch",
    "kamailio.service": "kamailio", "opensips.service": "opensips",
    "rtpengine.service": "rtpengine", "rtpengine-daemon.service": "rtpengine",
    "ngcp-rtpengine-daemon.service": "rtpengine", "rtpengine-recording.service": "rtpengine",
    "rtpengine-recording-daemon.service": "rtpengine", "rtpproxy.service": "rtpproxy",
    "coturn.service": "coturn",
}  # fmt: skip

OTHER_UNITS = tuple(
    name if "." in name else f"{name}.service"
    for name in words(
        """
    ssh sshd dropbear fail2ban crowdsec rsyslog syslog-ng systemd-journald systemd-journal-upload
    systemd-journal-remote chrony chronyd ntp ntpd ntpsec openntpd systemd-timesyncd nftables iptables
    netfilter-persistent firewalld ufw shorewall cron crond auditd apparmor apt-daily apt-daily-upgrade
    unattended-upgrades restic restic-backup backup borgmatic borgbackup rest-server apache2 httpd nginx
    lighttpd caddy mariadb mysql postgresql redis-server valkey-server mongod tftpd-hpa atftpd vsftpd
    proftpd xinetd inetd telnet snmpd rpcbind avahi-daemon cups nfs-server smbd dnsmasq isc-dhcp-server
    kea-dhcp4-server kea-dhcp4 unbound named systemd-resolved systemd-networkd NetworkManager networking
    systemd-coredump aidecheck dailyaidecheck logrotate docker snapd postfix exim4 cockpit webmin
    grundton-guard
    ssh.socket sshd.socket tftpd-hpa.socket cockpit.socket telnet.socket rpcbind.socket
    """
    )
)

#: Loaded units asked by pattern beside the named ones.
UNIT_PATTERNS = (
    "*.timer", "restic*.service", "borg*.service", "*backup*.service", "rtpengine*.service", "*-rtpengine*.service",
    "kamailio*.service", "asterisk*.service", "grundton*.service", "php*-fpm.service", "ssh@*.service",
    "dropbear*.service", "wg-quick@*.service", "postgresql@*.service",
)  # fmt: skip

_VOIP_PACKAGE = re.compile(
    r"(?:asterisk(?:-.+)?|freepbx.*|dahdi.*|libpri.*|libss7.*|libpj.*|libasound-pj|pjproject|pjsip-tools|libsrtp2?-?.*|"
    r"kamailio(?:-.+)?|opensips(?:-.+)?|(?:ngcp-)?rtpengine(?:-.+)?|rtpproxy|coturn|freeswitch(?:-.+)?|"
    r"sip-tester|sipp|sipsak|sipgrep|sngrep|sipvicious|baresip.*|heplify|homer.*|janus|siproxd|stuntman-server)"
)
_SECURITY_PACKAGE = re.compile(
    r"(?:openssh-(?:server|client|sftp-server)|dropbear.*|openssl|libssl\d.*|libgnutls\d*.*|libunbound8|libxml2|libcurl4.*|"
    r"libjansson4|libsqlite3-0|libspandsp2|libc6|libpam0g|libpam-(?:pwquality|google-authenticator|u2f|oath|faillock|modules)|"
    r"sudo|doas|fail2ban|crowdsec|nftables|iptables|ufw|firewalld|shorewall|netfilter-persistent|iptables-persistent|"
    r"rsyslog(?:-.+)?|syslog-ng(?:-.+)?|systemd|systemd-timesyncd|systemd-coredump|chrony|ntp|ntpsec|openntpd|logrotate|"
    r"unattended-upgrades|apt-listchanges|apticron|needrestart|debsums|debian-security-support|debsecan|aide(?:-common)?|"
    r"tripwire|samhain|auditd|audispd-plugins|apparmor(?:-.+)?|lynis|rkhunter|restic|borgbackup|borgmatic|rsnapshot|"
    r"duplicity|bacula-fd|bareos-filedaemon|rdiff-backup|apache2|nginx(?:-.+)?|lighttpd|php\d.*-fpm|mariadb-server.*|"
    r"mysql-server.*|postgresql(?:-\d+)?|redis-server|valkey-server|mongodb-org|certbot|acme\.sh|dehydrated|cron|"
    r"tftpd(?:-hpa)?|atftpd|vsftpd|proftpd.*|telnetd.*|inetutils-telnetd|rsh-server|xinetd|openbsd-inetd|snmpd|rpcbind|"
    r"avahi-daemon|cups|cups-daemon|samba|nfs-kernel-server|dnsmasq|isc-dhcp-server|kea-dhcp4-server|webmin|cockpit|"
    r"docker\.io|docker-ce|podman|wireguard(?:-tools)?|openvpn|strongswan|gcc|g\+\+|make|gdb|strace|tcpdump|tshark|nmap|"
    r"build-essential|linux-image-.+|ssl-cert|ca-certificates|libsystemd0|libnss-.+|python3|perl|libtiff\d)"
)


def is_voip_package(name: str) -> bool:
    """Whether a package belongs to the telephony (its Debian changelog is read for CVE ids)."""
    return _VOIP_PACKAGE.fullmatch(name) is not None


def is_watched_package(name: str) -> bool:
    """Whether a package becomes an object."""
    return is_voip_package(name) or _SECURITY_PACKAGE.fullmatch(name) is not None
