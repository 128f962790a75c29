#!/bin/sh
# Last step of every image build. $1 is the root of the image.
# Turns "a Debian with packages" into "a Debian that any lab host can start from".
set -eu
root=$1

# Services are off until a topology switches them on; ssh is how the lab is reached.
for unit in "$root"/etc/systemd/system/multi-user.target.wants/*.service; do
    case ${unit##*/} in
        ssh.service) ;;
        *) rm -f "$unit" ;;
    esac
done
rm -f "$root"/etc/systemd/system/timers.target.wants/*.timer

# What a container of the lab has no use for.
for unit in getty.target console-getty.service systemd-networkd-wait-online.service \
    systemd-pstore.service dev-hugepages.mount systemd-firstboot.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

# Identities are made anew for each host.
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/machine-id" "$root/etc/hostname"
rm -rf "$root"/etc/systemd/system/*.wants/sshd-keygen.service
: > "$root/etc/machine-id"
: > "$root/etc/resolv.conf"

# The account the soft phones run under.
grep -q '^phone:' "$root/etc/passwd" ||
    chroot "$root" useradd --create-home --shell /usr/sbin/nologin --comment 'lab phone' phone

# Build options must not be mistaken for the host's own configuration.
rm -f "$root"/etc/apt/apt.conf.d/99mmdebstrap "$root"/etc/dpkg/dpkg.cfg.d/99mmdebstrap
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin
find "$root/var/log" -type f -delete

# Nothing was updated since the build: spares every host the caches that systemd would rebuild.
touch "$root/etc/.updated" "$root/var/.updated"
