#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tphlab ctl without a lab, without words, and with a socket that is not there.
. "$(dirname "$0")/../lib/check.sh"

scratch_make
export TMPDIR=$scratch
says '^tphlab: no lab of yours runs in ' 125 lab/tphlab ctl status
says '^tphlab: ctl: no words' 125 lab/tphlab ctl
says '^tphlab: cannot connect to /nonexistent: ' 1 lab/tphlab ctl --socket /nonexistent status
