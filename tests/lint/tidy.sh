#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# clang-tidy has no finding in any C file that the build compiles, by the rules of .clang-tidy.
. "$(dirname "$0")/../lib/lint.sh"

need clang-tidy clang-tidy
need run-clang-tidy clang-tidy
ninja -C "$build" >"$work/ninja.log"
# Its own count of warnings in headers of others is no finding.
run-clang-tidy -quiet -p "$build" "$top/(?!build)" >"$work/found" 2>"$work/err" || status=$?
grep -E 'warning:|error:' "$work/found" | sort -u >"$work/findings" || [ $? = 1 ]
empty "$work/findings"
[ "${status:-0}" = 0 ]
