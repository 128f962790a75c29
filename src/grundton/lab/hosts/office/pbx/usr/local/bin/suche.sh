#!/bin/sh
# Telefonbuchsuche *1 + Nummer
grep -i "$2" /etc/asterisk/telefonbuch.txt > /tmp/suche.txt 2>&1
