#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the NIC model believes of commands, keys and queues is what this kernel's headers say.
. "$(dirname "$0")/../lib/kernel.sh"

kernel_tree
tests/ifc/check.sh "$tree"
