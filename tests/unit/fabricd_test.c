// SPDX-License-Identifier: GPL-2.0-or-later
/* fabricd as a process: it ends on SIGTERM, and is not busy without work. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/test.h"
#include "util/macros.h"

#define END_MS 30000 /* a timeout; an idle machine needs a few seconds */

extern char **environ;

struct world {
	char dir[64], trace[80];
	pid_t pid;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	strcpy(w->dir, "/tmp/fabricd-test.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->trace, sizeof(w->trace), "%s/trace", w->dir);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"control.sock", "accel0.sock", "trace"};
	struct world *w = *state;
	char path[128];

	if (w->pid > 0) {
		kill(w->pid, SIGKILL);
		waitpid(w->pid, NULL, 0);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", w->dir, names[i]);
		unlink(path);
	}
	rmdir(w->dir);
	free(w);
	return 0;
}

static void start(struct world *w, const char *trace)
{
	char *argv[] = {getenv("FABRICD"),	  "--dir",	 w->dir,
			trace ? "--trace" : NULL, (char *)trace, NULL};
	posix_spawn_file_actions_t actions;
	struct pollfd ready = {.events = POLLIN};
	char line[8] = "";
	int out[2];

	if (!argv[0]) {
		print_message("skipped: FABRICD does not name the program\n");
		skip();
		return;
	}
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	assert_int_equal(posix_spawn(&w->pid, argv[0], &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(out[1]);
	ready.fd = out[0];
	assert_int_equal(poll(&ready, 1, END_MS), 1);
	assert_true(read(out[0], line, sizeof(line) - 1) > 0);
	assert_string_equal(line, "ready\n");
	close(out[0]);
}

/* Sends SIGTERM and returns the exit status. */
static int end(struct world *w)
{
	struct pollfd ended = {.fd = pidfd_open(w->pid, 0), .events = POLLIN};
	int status;

	assert_int_equal(kill(w->pid, SIGTERM), 0);
	assert_int_equal(poll(&ended, 1, END_MS), 1);
	close(ended.fd);
	assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
	w->pid = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define FABRICD_TEST(name) TEST_WITH(name, set_up, tear_down)

FABRICD_TEST(ends)
{
	start(*state, NULL);
	assert_int_equal(end(*state), 0);
}

/* The trace goes to a pipe whose reader has stopped. Status 1: the trace is incomplete. */
FABRICD_TEST(ends_with_stopped_reader)
{
	struct world *w = *state;
	static const char zeros[4096];
	int pipe_fd;

	assert_int_equal(mkfifo(w->trace, 0600), 0);
	pipe_fd = open(w->trace, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_true(pipe_fd >= 0);
	while (write(pipe_fd, zeros, sizeof(zeros)) > 0)
		;
	start(w, w->trace);
	assert_int_equal(end(w), 1);
	close(pipe_fd);
}

static double cpu_seconds(pid_t pid)
{
	clockid_t clock;
	struct timespec used;

	assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
	assert_int_equal(clock_gettime(clock, &used), 0);
	return (double)used.tv_sec + (double)used.tv_nsec * 1e-9;
}

static rlim_t open_files(pid_t pid)
{
	char path[64];
	rlim_t count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	assert_non_null(dir);
	for (const struct dirent *entry; (entry = readdir(dir));)
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static int client(const struct world *w, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", w->dir, name);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Clients that fabricd cannot accept for lack of descriptors do not keep it busy. */
FABRICD_TEST(no_descriptors)
{
	struct rlimit none = {.rlim_max = 4096};
	struct world *w = *state;
	int device, control;
	double before;

	start(w, NULL);
	none.rlim_cur = open_files(w->pid);
	assert_int_equal(prlimit(w->pid, RLIMIT_NOFILE, &none, NULL), 0);
	device = client(w, "accel0.sock");
	control = client(w, "control.sock");
	usleep(100000);
	before = cpu_seconds(w->pid);
	usleep(500000);
	assert_true(cpu_seconds(w->pid) - before < 0.1);
	close(device);
	close(control);
	assert_int_equal(end(w), 0);
}

/* --list prints the devices in the order of --ids and --switches. */
TEST(lists_devices)
{
	char command[512], names[128] = "";
	FILE *pipe;

	snprintf(command, sizeof(command), "%s --list --accels 2 --nics 8,off,16 --endpoints 8",
		 getenv("FABRICD"));
	pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_true(fread(names, 1, sizeof(names) - 1, pipe) > 0);
	assert_int_equal(pclose(pipe), 0);
	assert_string_equal(names, "accel0\naccel1\nnic0\nnic1\nnic2\nept0\n");
}
