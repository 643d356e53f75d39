/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TPHCTL_RUN_H
#define TPHCTL_RUN_H

/*
 * Runs @command, NULL-terminated, which inherits @dmabuf_fd and finds its number in TPH_DMABUF_FD.
 * Its exit status, 128 and the signal's number if one ended it, or EXIT_OURS to EXIT_NOT_FOUND.
 */
int run_command(char **command, int dmabuf_fd);

#endif
