// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tphctl/run.h"
#include "tphctl/tphctl.h"

/* Signals that would end tphctl, and so the buffer, are passed on to CMD. */
static void forwarded(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGQUIT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

/* When the parent ends, the buffer is revoked, so CMD ends, too. */
static void end_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM))
		_exit(fail(EXIT_OURS, "export: cannot ask for a signal when tphctl ends: %s",
			   strerror(errno)));
	/* The signal comes for a later end only; the parent may have ended before. */
	if (getppid() != parent)
		_exit(EXIT_OURS);
}

static _Noreturn void child(char **command, int dmabuf_fd, const sigset_t *mask, pid_t parent)
{
	char number[16];
	int err;

	snprintf(number, sizeof(number), "%d", dmabuf_fd);
	end_with(parent);
	if (fcntl(dmabuf_fd, F_SETFD, 0) || setenv("TPH_DMABUF_FD", number, 1) ||
	    sigprocmask(SIG_SETMASK, mask, NULL))
		_exit(fail(EXIT_OURS, "export: cannot prepare %s: %s", command[0],
			   strerror(errno)));
	execvp(command[0], command);
	err = errno;
	_exit(fail(err == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUNNABLE,
		   "export: cannot run %s: %s; give a program after --", command[0],
		   strerror(err)));
}

static int wait_for(pid_t pid, const sigset_t *set)
{
	siginfo_t info;
	int status;

	for (;;) {
		pid_t done = waitpid(pid, &status, WNOHANG);

		if (done == pid && WIFEXITED(status))
			return WEXITSTATUS(status);
		if (done == pid && WIFSIGNALED(status))
			return 128 + WTERMSIG(status);
		if (done < 0)
			return fail(EXIT_OURS, "export: cannot wait for the command: %s",
				    strerror(errno));
		if (sigwaitinfo(set, &info) < 0 || info.si_signo == SIGCHLD)
			continue;
		/* The terminal signals the process group, which has CMD in it. */
		if (info.si_code != SI_KERNEL)
			kill(pid, info.si_signo);
	}
}

int run_command(char **command, int dmabuf_fd)
{
	sigset_t set, before;
	pid_t parent = getpid(), pid;
	int status;

	/* While SIGCHLD is ignored, as some parents leave it, CMD's status is lost. */
	signal(SIGCHLD, SIG_DFL);
	forwarded(&set);
	sigprocmask(SIG_BLOCK, &set, &before);
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		status = fail(EXIT_OURS, "export: cannot start %s: %s; see ulimit -u", command[0],
			      strerror(errno));
	else if (pid == 0)
		child(command, dmabuf_fd, &before, parent);
	else
		status = wait_for(pid, &set);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}
