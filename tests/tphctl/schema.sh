#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each key of the JSON that tphctl prints is in doc/tphctl-json.md.
. "$(dirname "$0")/../lib/tphctl.sh"

grep -hoE '"[a-z0-9_-]+": ?' tests/golden/*.out | tr -d ' :"' >"$work/golden"
"$tphctl" bufs --json | jq -r '.. | objects | keys[]' >"$work/live"
{ "$tphctl" doctor --json --dump "$build/tests/dumps/switch.dump" || [ $? = 3 ]; } |
	jq -r '.. | objects | keys[]' >>"$work/live"
tests/dumps/sysfs.py "$build/tests/dumps/data-direct.dump" "$work/root" <<'EOF'
06:00.0 vpd=ConnectX-8,SN:MT2501X,V3:01-23
EOF
{ "$tphctl" doctor 06:00.0 --json --root "$work/root" || [ $? = 4 ]; } |
	jq -r '.. | objects | keys[]' >>"$work/live"
grep -qx v3 "$work/live"
sort -u "$work/golden" "$work/live" >"$work/keys"
[ "$(wc -l <"$work/keys")" -gt 30 ]
while read -r key; do
	grep -q "\`$key\`" doc/tphctl-json.md || echo "not in doc/tphctl-json.md: $key"
done <"$work/keys" >"$work/missing"
empty "$work/missing"
