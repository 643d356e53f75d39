/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket file, the connection of the one client, and the order of work in vu_process(). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/macros.h"
#include "vfio-user/dma_guard.h"
#include "vfio-user/endpoint.h"

#define MAX_MSIX_VECTORS 2048
#define PAUSE_MS	 100 /* after accept() has failed */

static void drop_client(struct vu *vu)
{
	bool was_negotiated = vu->negotiated;

	epoll_ctl(vu->epoll_fd, EPOLL_CTL_DEL, vu->fd, NULL);
	descriptor_close_socket(vu->fd, &vu->closer);
	vu->fd = -1;
	vu->negotiated = false;
	vu->broken = false;
	vu_input_reset(vu);
	vu_output_reset(&vu->out);
	vu_irqs_reset(vu);
	dma_table_clear(&vu->dma);
	if (vu->transfer.active)
		vu_transfer_end(vu, -ENOTCONN);
	if (was_negotiated && vu->config.ops->disconnected)
		vu->config.ops->disconnected(vu->config.owner);
}

/* The cause persists, and poll() would report the waiting client again at once. */
static void pause_listening(struct vu *vu)
{
	const struct itimerspec once = {.it_value.tv_nsec = PAUSE_MS * NS_PER_MS};

	vu_log(vu, "cannot accept a client: %s", strerror(errno));
	vu->paused = timerfd_settime(vu->retry_fd, 0, &once, NULL) == 0;
}

static void accept_client(struct vu *vu)
{
	struct epoll_event event = {.events = EPOLLIN};
	int fd = accept4(vu->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			pause_listening(vu);
		return;
	}
	if (vu->fd >= 0) {
		vu_log(vu, "refused a second client: the endpoint serves one, which is connected");
		descriptor_close_socket(fd, &vu->closer);
		return;
	}
	event.data.fd = fd;
	if (epoll_ctl(vu->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
		vu_log(vu, "cannot poll a client: %s", strerror(errno));
		descriptor_close_socket(fd, &vu->closer);
		return;
	}
	vu->fd = fd;
	vu->interest = event.events;
	vu->untrusted_logged = false;
	vu->transfer.id = 0;
}

static void serve_client(struct vu *vu, uint32_t events)
{
	if (vu->out.head && !vu->broken)
		vu_flush(vu);
	vu_check_memory(vu);
	if (!vu->broken && vu_may_read(vu) && (events & ~(uint32_t)EPOLLOUT))
		vu_receive(vu);
	/* The client has disconnected; its last messages are lost if too many descriptors wait. */
	if (!vu->broken && (events & (EPOLLHUP | EPOLLERR)) && closer_busy(&vu->closer))
		vu_break(vu);
	if (vu->broken)
		drop_client(vu);
}

void vu_process(struct vu *vu)
{
	struct epoll_event events[4];
	bool waits = false;
	uint64_t expired;
	int count;

	count = epoll_wait(vu->epoll_fd, events, 4, 0);
	for (int i = 0; i < count; i++) {
		if (events[i].data.fd == vu->listen_fd)
			waits = true;
		else if (events[i].data.fd == vu->retry_fd)
			vu->paused = read(vu->retry_fd, &expired, sizeof(expired)) < 0;
		else if (events[i].data.fd == vu->fd)
			serve_client(vu, events[i].events);
	}
	/* Last, so that a client is not refused for one that has just disconnected. */
	if (waits && !closer_busy(&vu->closer))
		accept_client(vu);
	vu_update_interest(vu);
}

int vu_fd(const struct vu *vu)
{
	return vu->epoll_fd;
}

/* True if a server listens there, or if that is unknown. */
static bool path_in_use(const struct sockaddr_un *address)
{
	struct stat st;
	bool in_use;
	int fd;

	if (lstat(address->sun_path, &st) < 0)
		return errno != ENOENT;
	if (!S_ISSOCK(st.st_mode))
		return true;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return true;
	in_use = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
		 errno != ECONNREFUSED;
	close(fd);
	return in_use;
}

static int bind_path(int fd, const struct sockaddr_un *address)
{
	const struct sockaddr *generic = (const struct sockaddr *)address;

	/* bind() gives the file the mode of the descriptor, less the umask: it is never wider. */
	if (fchmod(fd, 0600) < 0)
		return -errno;
	if (bind(fd, generic, sizeof(*address)) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return -errno;
	if (path_in_use(address))
		return -EADDRINUSE;
	/* The file of a server that has ended. */
	if (unlink(address->sun_path) < 0 && errno != ENOENT)
		return -errno;
	return bind(fd, generic, sizeof(*address)) < 0 ? -errno : 0;
}

static int poll_too(struct vu *vu, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	return epoll_ctl(vu->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int listen_at_path(struct vu *vu)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(vu->config.path);
	struct stat st;
	int ret;

	if (len >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, vu->config.path, len);
	vu->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (vu->listen_fd < 0)
		return -errno;
	ret = bind_path(vu->listen_fd, &address);
	if (ret)
		return ret;
	if (lstat(vu->config.path, &st) < 0)
		return -errno;
	vu->socket_dev = st.st_dev;
	vu->socket_ino = st.st_ino;
	if (listen(vu->listen_fd, 4) < 0)
		return -errno;
	vu->listen_interest = EPOLLIN;
	return poll_too(vu, vu->listen_fd, EPOLLIN);
}

static int check_config(const struct vu_config *config)
{
	unsigned i;

	if (!config->path || !config->path[0] || !config->ops || !config->ops->region_read ||
	    !config->ops->region_write || config->msix_vectors > MAX_MSIX_VECTORS)
		return -EINVAL;
	for (i = 0; i < VFIO_PCI_NUM_REGIONS; i++) {
		const struct vu_region *region = &config->regions[i];
		struct stat st;
		int seals;

		if (!region->size || region->mmap_fd < 0)
			continue;
		/* Else the client would crash on an access within the region. */
		if (fstat(region->mmap_fd, &st) < 0)
			return -errno;
		if (!S_ISREG(st.st_mode) || region->mmap_offset % VU_PAGE_SIZE ||
		    region->mmap_offset > (uint64_t)st.st_size ||
		    region->size > (uint64_t)st.st_size - region->mmap_offset)
			return -EINVAL;
		/* The client could shrink an unsealed file and end this process by SIGBUS. */
		seals = fcntl(region->mmap_fd, F_GET_SEALS);
		if (seals < 0 || !(seals & F_SEAL_SHRINK))
			return -EINVAL;
	}
	return 0;
}

static int allocate(struct vu *vu)
{
	vu->config.path = strdup(vu->config.path);
	vu->in.buf = malloc(VU_MAX_MESSAGE);
	vu->out.reply = malloc(VU_MAX_MESSAGE);
	vu->irq_fds = malloc((vu->config.msix_vectors + 1) * sizeof(*vu->irq_fds));
	/* Before anything can fail: vu_destroy() closes those that are not -1. */
	for (unsigned i = 0; vu->irq_fds && i < vu->config.msix_vectors; i++)
		vu->irq_fds[i] = -1;
	if (!vu->config.path || !vu->in.buf || !vu->out.reply || !vu->irq_fds)
		return -ENOMEM;
	return 0;
}

static int open_poll(struct vu *vu)
{
	int ret;

	vu->retry_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	vu->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (vu->epoll_fd < 0)
		return -errno;
	ret = poll_too(vu, vu->retry_fd, EPOLLIN);
	return ret ? ret : poll_too(vu, vu->closer.done, 0);
}

/* All of them, even after an error, so that vu_destroy() finds all fields set. */
static int open_parts(struct vu *vu)
{
	const int rets[] = {
		allocate(vu),
		closer_start(&vu->closer),
		irq_sender_open(&vu->irq_sender),
		dma_guard_install(),
		open_poll(vu),
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rets); i++)
		if (rets[i])
			return rets[i];
	return 0;
}

int vu_create(struct vu **out, const struct vu_config *config)
{
	int ret = check_config(config);
	struct vu *vu;

	if (ret)
		return ret;
	vu = calloc(1, sizeof(*vu));
	if (!vu)
		return -ENOMEM;
	vu->config = *config;
	vu->fd = -1;
	vu->listen_fd = -1;
	vu->out.tail = &vu->out.head;
	ret = open_parts(vu);
	if (!ret)
		ret = listen_at_path(vu);
	if (ret) {
		vu_destroy(vu);
		return ret;
	}
	*out = vu;
	return 0;
}

static void remove_socket_file(const struct vu *vu)
{
	struct stat st;

	/* It may have been replaced by another server's. */
	if (vu->socket_ino && lstat(vu->config.path, &st) == 0 && st.st_dev == vu->socket_dev &&
	    st.st_ino == vu->socket_ino)
		unlink(vu->config.path);
}

void vu_destroy(struct vu *vu)
{
	if (!vu)
		return;
	remove_socket_file(vu);
	vu_input_reset(vu);
	vu_output_reset(&vu->out);
	dma_table_clear(&vu->dma);
	if (vu->irq_fds)
		vu_irqs_reset(vu);
	if (vu->fd >= 0)
		descriptor_close_socket(vu->fd, &vu->closer);
	/* Clients that were not accepted may have sent descriptors. */
	if (vu->listen_fd >= 0)
		descriptor_close_socket(vu->listen_fd, &vu->closer);
	closer_stop(&vu->closer);
	irq_sender_close(&vu->irq_sender);
	if (vu->retry_fd >= 0)
		close(vu->retry_fd);
	if (vu->epoll_fd >= 0)
		close(vu->epoll_fd);
	free(vu->irq_fds);
	free(vu->in.buf);
	free(vu->out.reply);
	free((char *)vu->config.path);
	free(vu);
}
