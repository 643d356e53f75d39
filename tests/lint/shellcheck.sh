#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# No finding of shellcheck in any script, nor in the parts that scripts source. The rules are in
# .shellcheckrc, and stricter ones for checks in tests/.shellcheckrc.
. "$(dirname "$0")/../lib/lint.sh"

need shellcheck shellcheck
{ scripts "(ba)?sh"; tracked 'lab/lib/*.sh' 'tests/lib/*.sh'; } | sort -u | xargs shellcheck -s bash
