/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands to the lab's devices from a test in the guest: they go through files of
 * the shared folder to the script that runs the test, which passes them to tphlab ctl.
 */
#ifndef TESTS_HOST_H
#define TESTS_HOST_H

#include <stdbool.h>
#include <stdint.h>

/* False: the test was started without such a folder. */
bool host_listens(void);
/* Runs `tphlab ctl` with these arguments; the running test fails unless it succeeds. */
void host_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The number of TLPs that @fault of @device has hit since it was set. */
uint64_t host_hits(const char *device, const char *fault);

#endif
