/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LAB_USER_H
#define LAB_USER_H

/*
 * Changes permanently from root to user and group @id, with no other group and no capability; a
 * program that is executed cannot gain any. The signal at the parent's end (PR_SET_PDEATHSIG) is
 * kept. @id 0 changes no user. Returns 0 or a negative errno, after which the process must end.
 */
int user_become(unsigned long id);

#endif
