#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each key of the JSON that tphctl prints stands in its description.
. "$(dirname "$0")/../lib/tphctl.sh"

grep -hoE '"[a-z0-9_-]+": ?' tests/golden/*.out | tr -d ' :"' >"$work/golden"
"$tphctl" bufs --json | jq -r '.. | objects | keys[]' >"$work/live"
{ "$tphctl" doctor --json --dump "$build/tests/dumps/switch.dump" || [ $? = 3 ]; } |
	jq -r '.. | objects | keys[]' >>"$work/live"
sort -u "$work/golden" "$work/live" >"$work/keys"
[ "$(wc -l <"$work/keys")" -gt 30 ]
while read -r key; do
	grep -q "\`$key\`" doc/tphctl-json.md || echo "not in doc/tphctl-json.md: $key"
done <"$work/keys" >"$work/missing"
empty "$work/missing"
