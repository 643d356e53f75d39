#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# On a kernel without the series the demo's program says so in one line, with its own status.
# usage: plain-kernel.sh OPTION…
. "$(dirname "$0")/../lib/guest.sh"

says 'without this series|no hints|does not know' 3 lab/tphlab run "$@" -- p2p_demo
