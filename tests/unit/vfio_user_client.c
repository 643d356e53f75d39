/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/vfio_user_client.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "util/bytes.h"

static uint8_t *region(struct endpoint *e, unsigned index, uint64_t offset, size_t len)
{
	uint64_t size = index == 0   ? BAR_SIZE
			: index == 2 ? MEM_SIZE / 2
			: index == 7 ? CONFIG_SIZE
				     : 0;

	/* What vfio_user.h guarantees to an owner. */
	assert_true(len > 0 && len <= 1 << 20 && offset <= size && len <= size - offset);
	/* A client usually maps region 2; messages for it access the bytes of region 0. */
	return (index == 7 ? e->space : e->bar) + offset;
}

static int on_read(void *owner, unsigned index, uint64_t offset, void *buf, size_t len)
{
	struct endpoint *e = owner;
	int refuse = e->refuse;

	e->reads++;
	e->refuse = 0;
	memcpy(buf, region(e, index, offset, len), len);
	return refuse;
}

static int on_write(void *owner, unsigned index, uint64_t offset, const void *buf, size_t len)
{
	struct endpoint *e = owner;
	int refuse = e->refuse;

	e->writes++;
	e->refuse = 0;
	memcpy(region(e, index, offset, len), buf, len);
	if (index == 0 && e->dma_on_write)
		assert_int_equal(vu_dma_read(e->vu, e->dma_on_write, e->dma_buf, 16), 0);
	return refuse;
}

static void on_reset(void *owner)
{
	((struct endpoint *)owner)->resets++;
}

static void on_disconnected(void *owner)
{
	struct endpoint *e = owner;

	e->disconnects++;
	assert_false(vu_connected(e->vu));
	assert_int_equal(vu_dma_read(e->vu, 0, e->dma_buf, 8), -ENOTCONN);
}

static void on_dma_done(void *owner, int status)
{
	struct endpoint *e = owner;

	e->dma_ends++;
	e->dma_status = status;
	e->dma_ended_first = e->disconnects == 0;
}

static void on_log(void *owner, const char *line)
{
	struct endpoint *e = owner;

	e->logs++;
	snprintf(e->log, sizeof(e->log), "%s", line);
}

static const struct vu_ops ops = {
	.region_read = on_read,
	.region_write = on_write,
	.reset = on_reset,
	.disconnected = on_disconnected,
	.dma_done = on_dma_done,
};

void endpoint_open(struct endpoint *e)
{
	unsigned i;

	memset(e, 0, sizeof(*e));
	snprintf(e->dir, sizeof(e->dir), "/tmp/vfio-user-test.XXXXXX");
	assert_non_null(mkdtemp(e->dir));
	snprintf(e->path, sizeof(e->path), "%s/socket", e->dir);
	e->client = -1;
	e->bar = calloc(1, BAR_SIZE);
	assert_non_null(e->bar);
	for (i = 0; i < CONFIG_SIZE; i++)
		e->space[i] = (uint8_t)(i * 7);
	e->mem_fd = guest_memory(MEM_SIZE, true);
	e->config = (struct vu_config){
		.path = e->path,
		.regions =
			{
				[0] = {.size = BAR_SIZE, .mmap_fd = -1},
				[2] = {.size = MEM_SIZE / 2,
				       .mmap_fd = e->mem_fd,
				       .mmap_offset = 4096},
				[7] = {.size = CONFIG_SIZE, .mmap_fd = -1},
			},
		.msix_vectors = VECTORS,
		.ops = &ops,
		.owner = e,
		.log = on_log,
	};
	assert_int_equal(vu_create(&e->vu, &e->config), 0);
}

void endpoint_close(struct endpoint *e)
{
	client_close(e);
	vu_destroy(e->vu);
	assert_int_equal(access(e->path, F_OK), -1);
	assert_int_equal(rmdir(e->dir), 0);
	close(e->mem_fd);
	free(e->bar);
}

void pump(struct endpoint *e)
{
	unsigned turns;

	for (turns = 0; turns < 100000; turns++) {
		struct pollfd p = {.fd = vu_fd(e->vu), .events = POLLIN};

		if (poll(&p, 1, 0) <= 0)
			return;
		vu_process(e->vu);
	}
	fail_msg("the server did not become idle");
}

void client_connect(struct endpoint *e)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", e->path);
	e->client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(e->client >= 0);
	assert_int_equal(connect(e->client, (struct sockaddr *)&address, sizeof(address)), 0);
	pump(e);
}

void client_handshake(struct endpoint *e)
{
	static const char body[] =
		"\0\0\0\0{\"capabilities\": {\"pgsizes\": 4096, \"max_msg_fds\": 16, "
		"\"max_dma_maps\": 65535, \"max_data_xfer_size\": 1048576, \"migration\": "
		"{\"max_bitmap_size\": 268435456, \"pgsize\": 4096}, \"write_multiple\": true}}";

	client_connect(e);
	assert_int_equal(call(e, CMD_VERSION, body, sizeof(body), -1, NULL), 0);
	assert_true(vu_connected(e->vu));
}

void client_close(struct endpoint *e)
{
	if (e->client < 0)
		return;
	close(e->client);
	e->client = -1;
	pump(e);
}

ssize_t send_with(int socket, const void *bytes, size_t len, const int *fds, size_t fd_count)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(64 * sizeof(int))];
	} control = {.header = {.cmsg_len = CMSG_LEN(fd_count * sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS}};
	struct iovec iov = {(void *)bytes, len};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

	assert_true(fd_count <= 64);
	if (fd_count) {
		memcpy(CMSG_DATA(&control.header), fds, fd_count * sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
	}
	return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void client_send_bytes(struct endpoint *e, const void *bytes, size_t len, const int *fds,
		       unsigned fd_count)
{
	size_t done = 0;

	while (done < len) {
		ssize_t sent = send_with(e->client, (const char *)bytes + done, len - done, fds,
					 done ? 0 : fd_count);

		if (sent < 0 && errno != EAGAIN)
			return; /* dropped; the caller checks that */
		if (sent > 0)
			done += (size_t)sent;
		pump(e);
	}
}

void client_send(struct endpoint *e, uint16_t id, uint16_t command, uint32_t flags,
		 const void *body, size_t len, int fd)
{
	uint32_t size = (uint32_t)len + 16, zero = 0;
	uint8_t *bytes = malloc(size);

	assert_non_null(bytes);
	memcpy(bytes, &id, 2);
	memcpy(bytes + 2, &command, 2);
	memcpy(bytes + 4, &size, 4);
	memcpy(bytes + 8, &flags, 4);
	memcpy(bytes + 12, &zero, 4);
	if (len)
		memcpy(bytes + 16, body, len);
	client_send_bytes(e, bytes, size, &fd, fd >= 0);
	free(bytes);
}

static size_t receive_bytes(struct endpoint *e, void *to, size_t len, int *fd)
{
	size_t done = 0;

	while (done < len) {
		union {
			char bytes[CMSG_SPACE(sizeof(int) * 4)];
			struct cmsghdr align;
		} control;
		struct iovec iov = {(char *)to + done, len - done};
		struct msghdr msg = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control),
		};
		ssize_t got;

		pump(e);
		got = recvmsg(e->client, &msg, 0);
		if (got <= 0)
			break;
		if (CMSG_FIRSTHDR(&msg))
			memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(*fd));
		done += (size_t)got;
	}
	return done;
}

bool client_receive(struct endpoint *e, struct message *m)
{
	uint8_t header[16];
	size_t got;

	memset(m, 0, sizeof(*m));
	m->fd = -1;
	got = receive_bytes(e, header, sizeof(header), &m->fd);
	if (!got)
		return false;
	assert_int_equal(got, sizeof(header));
	memcpy(&m->id, header, 2);
	memcpy(&m->command, header + 2, 2);
	m->size = get_le32(header + 4);
	m->flags = get_le32(header + 8);
	m->error = get_le32(header + 12);
	assert_in_range(m->size, 16, (1 << 20) + 32);
	m->body = malloc(m->size);
	assert_non_null(m->body);
	assert_int_equal(receive_bytes(e, m->body, m->size - 16, &m->fd), m->size - 16);
	return true;
}

bool client_dropped(struct endpoint *e)
{
	char byte;

	pump(e);
	return recv(e->client, &byte, 1, 0) == 0 || errno == ECONNRESET;
}

void message_free(struct message *m)
{
	free(m->body);
	if (m->fd >= 0)
		close(m->fd);
}

int call(struct endpoint *e, uint16_t command, const void *body, size_t len, int fd,
	 struct message *reply)
{
	static uint16_t id = 0xfff0; /* wraps soon */
	struct message m;
	int err;

	client_send(e, ++id, command, 0, body, len, fd);
	assert_true(client_receive(e, &m));
	assert_int_equal(m.id, id);
	assert_int_equal(m.command, command);
	assert_true(m.flags == FLAG_REPLY || m.flags == (FLAG_REPLY | FLAG_ERROR));
	err = (int)m.error;
	if (m.flags & FLAG_ERROR) {
		assert_int_not_equal(err, 0);
		assert_int_equal(m.size, 16);
	} else {
		assert_int_equal(err, 0);
	}
	if (reply)
		*reply = m;
	else
		message_free(&m);
	return err;
}

int dma_map(struct endpoint *e, uint64_t addr, uint64_t size, uint64_t offset, uint32_t flags,
	    int fd)
{
	uint32_t body[] = {32, flags, WORDS(offset), WORDS(addr), WORDS(size)};

	return call(e, CMD_DMA_MAP, body, sizeof(body), fd, NULL);
}

int dma_unmap(struct endpoint *e, uint64_t addr, uint64_t size)
{
	uint32_t body[] = {24, 0, WORDS(addr), WORDS(size)};

	return call(e, CMD_DMA_UNMAP, body, sizeof(body), -1, NULL);
}

void assert_alive(struct endpoint *e)
{
	static uint32_t value;
	uint32_t write[] = {WORDS(0x40), 7, 4, ++value};
	struct message m;

	assert_int_equal(call(e, CMD_REGION_WRITE, write, sizeof(write), -1, NULL), 0);
	assert_int_equal(call(e, CMD_REGION_READ, write, 16, -1, &m), 0);
	assert_int_equal(m.size, 36);
	assert_memory_equal(m.body, write, 20);
	message_free(&m);
}

int guest_memory(size_t size, bool sealed)
{
	int fd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	uint8_t *bytes;
	size_t i;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(bytes != MAP_FAILED);
	for (i = 0; i < size; i += 4096)
		memset(bytes + i, (int)(i / 4096), 4096);
	munmap(bytes, size);
	if (sealed)
		assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL),
				 0);
	return fd;
}

unsigned open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

unsigned open_fds_after(unsigned expected)
{
	const struct timespec ms = {.tv_nsec = 1000000};
	unsigned count = open_fds();

	for (unsigned i = 0; count != expected && i < 5000; i++) {
		nanosleep(&ms, NULL);
		count = open_fds();
	}
	return count;
}
