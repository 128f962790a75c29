#!/bin/sh
# nach jeder Aufnahme: nur merken, wer es war
echo "$(date) $*" >> /tmp/aufnahmen.txt
