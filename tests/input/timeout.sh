#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest that takes too long is ended, and tphlab says so.
. "$(dirname "$0")/../lib/check.sh"

says 'did not end within 8 seconds' 124 lab/tphlab run --timeout 8 -- sleep 60
