#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every C file is as clang-format 14 writes it; each version writes a little differently.
. "$(dirname "$0")/../lib/lint.sh"

need clang-format clang-format
clang-format --version >"$work/version"
grep -q 'version 14\.' "$work/version" || skip "not clang-format 14 but $(<"$work/version")"
tracked '*.c' '*.h' | xargs clang-format --dry-run -Werror
