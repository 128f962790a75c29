#!/bin/sh
# Sicherung der Anlage. Liegt auf dem Webserver, damit ich sie
# von ueberall holen kann. RG
FTPUSER=sicherung
FTPPASS=Tape-Loewe-2018
mkdir -p /var/www/html/sicherung
tar czf /var/www/html/sicherung/anlage.tgz /etc/asterisk 2>/dev/null
# curl -T /var/www/html/sicherung/anlage.tgz ftp://$FTPUSER:$FTPPASS@nas.baeckermann.example/
