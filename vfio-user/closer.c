/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfio-user/closer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/macros.h"

/*
 * More than a correct peer has under way, and so few that a peer whose files
 * never close cannot use up the process's descriptors.
 */
#define PENDING_MAX 64
#define STACK_BYTES (64 << 10)
#define STOP_MS	    200

/* The helper has a copy of the memory as of closer_start(), and the same descriptors. */
static int close_queued(void *arg)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	const struct closer *closer = arg;
	const uint64_t one = 1;
	int fd;

	/* Ctrl-C on a terminal signals this process, too, but it ends with its owner. */
	for (unsigned i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "closer");
	while (getppid() == closer->owner &&
	       read(closer->queue[0], &fd, sizeof(fd)) == (ssize_t)sizeof(fd)) {
		close(fd);
		if (write(closer->done, &one, sizeof(one)) < 0)
			break;
	}
	return 0;
}

int closer_start(struct closer *closer)
{
	char *stack;
	int ret = 0;

	*closer = (struct closer){.queue = {-1, -1}, .done = -1, .owner = getpid()};
	if (pipe2(closer->queue, O_CLOEXEC) < 0)
		return -errno;
	if (fcntl(closer->queue[1], F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	closer->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (closer->done < 0)
		return -errno;
	stack = malloc(STACK_BYTES);
	if (!stack)
		return -ENOMEM;
	closer->helper = clone(close_queued, stack + STACK_BYTES, CLONE_FILES | SIGCHLD, closer);
	if (closer->helper < 0)
		ret = -errno;
	free(stack); /* the helper has a copy */
	return ret;
}

static void wait_for_helper(pid_t helper)
{
	struct pollfd ended = {.fd = pidfd_open(helper, 0), .events = POLLIN};

	if (ended.fd >= 0) {
		poll(&ended, 1, STOP_MS);
		close(ended.fd);
	}
	if (waitpid(helper, NULL, WNOHANG) == 0)
		kill(helper, SIGKILL);
}

void closer_stop(struct closer *closer)
{
	/* The helper ends at the end of the queue. */
	if (closer->queue[1] >= 0)
		close(closer->queue[1]);
	if (closer->helper > 0)
		wait_for_helper(closer->helper);
	if (closer->queue[0] >= 0)
		close(closer->queue[0]);
	if (closer->done >= 0)
		close(closer->done);
	*closer = (struct closer){.queue = {-1, -1}, .done = -1};
}

void closer_close(struct closer *closer, int fd)
{
	/*
	 * Never full: the pipe holds 16,384 descriptors, and closer_busy() stops
	 * their source long before. A descriptor that is not queued stays open.
	 */
	if (write(closer->queue[1], &fd, sizeof(fd)) == (ssize_t)sizeof(fd))
		closer->pending++;
}

bool closer_busy(struct closer *closer)
{
	uint64_t closed;

	if (closer->pending <= PENDING_MAX)
		return false;
	if (read(closer->done, &closed, sizeof(closed)) == (ssize_t)sizeof(closed))
		closer->pending -= (unsigned)closed;
	return closer->pending > PENDING_MAX;
}
