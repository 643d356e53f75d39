#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Output that cannot be written is an error, with a line.
. "$(dirname "$0")/../lib/tphctl.sh"

says '^tphctl: cannot write the output' 1 sh -c '"$1" bufs --json >/dev/full' - "$tphctl"
