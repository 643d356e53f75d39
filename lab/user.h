/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LAB_USER_H
#define LAB_USER_H

/*
 * Changes for good to user and group @id in place of root, with no other group and no capability; a
 * program that is executed cannot gain any. Ends with the process that started this one, as it did
 * before. @id 0 changes no user. Returns 0 or a negative errno, after which the process must end.
 */
int user_become(unsigned long id);

#endif
