// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/user.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

int user_become(unsigned long id)
{
	int ends_with_parent = 0;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	if (!id)
		return 0;
	/* The kernel clears this signal when the user changes. */
	if (prctl(PR_GET_PDEATHSIG, &ends_with_parent))
		return -errno;
	if (setgroups(0, NULL) || setresgid((gid_t)id, (gid_t)id, (gid_t)id) ||
	    setresuid((uid_t)id, (uid_t)id, (uid_t)id))
		return -errno;
	return prctl(PR_SET_PDEATHSIG, ends_with_parent) ? -errno : 0;
}
