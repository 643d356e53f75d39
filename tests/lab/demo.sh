#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The main job: each of eight pairs of buffer and NIC carries the hint that it should, and no other.
# usage: demo.sh OPTION…
. "$(dirname "$0")/../lib/guest.sh"

demo "$@"
