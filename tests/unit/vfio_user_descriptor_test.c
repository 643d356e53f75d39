/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors that a hostile client sends. Theory of operation: whatever file is
 * behind a descriptor, a second endpoint of the same process answers while the
 * first has it, and both end within a time limit. Files that block are sockets whose
 * close() waits (SO_LINGER), and files of FUSE where it can be mounted.
 */
#include "tests/unit/vfio_user_client.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/clock.h"
#include "vfio-user/descriptor.h"
#include "vfio-user/dma_guard.h"
#include "vfio-user/dma_table.h"

enum { PAGE = 4096, HANGS_AFTER_S = 300 };

struct pair {
	struct endpoint hostile, other;
};

static int set_up(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	endpoint_open(&p->hostile);
	endpoint_open(&p->other);
	client_handshake(&p->hostile);
	client_handshake(&p->other);
	alarm(HANGS_AFTER_S);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct pair *p = *state;
	uint64_t start = clock_ns();

	endpoint_close(&p->hostile);
	endpoint_close(&p->other);
	assert_true(clock_ns() - start < 100 * NS_PER_S);
	alarm(0);
	free(p);
	return 0;
}

/* A socket whose last close() waits for ten minutes: there is unsent data, and no reader. */
static int lingering_socket(void)
{
	static int peers[512], count;
	const struct linger linger = {.l_onoff = 1, .l_linger = 600};
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	static const char data[1 << 16];

	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	assert_true(!connect(fd, (struct sockaddr *)&address, sizeof(address)) ||
		    errno == EINPROGRESS);
	assert_true(count < 512);
	peers[count] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(peers[count++] >= 0);
	close(listener);
	while (send(fd, data, sizeof(data), 0) > 0)
		;
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	/* close() waits with SOCK_NONBLOCK, too, but a hostile client would clear it. */
	fcntl(fd, F_SETFL, 0);
	return fd;
}

static const uint32_t reset[] = {CMD_RESET << 16 | 1, 16, 0, 0};

/* Sends @bytes with @count times @fd; does not wait, and does not run the server. */
static bool send_many(int socket, const void *bytes, size_t len, int fd, size_t count)
{
	int fds[32];

	for (size_t i = 0; i < count; i++)
		fds[i] = fd;
	return send_with(socket, bytes, len, fds, count) == (ssize_t)len;
}

/* The server closes the socket last. */
static void send_lingering(struct endpoint *e, size_t len, size_t count)
{
	int fd = lingering_socket();

	assert_true(send_many(e->client, reset, len, fd, count));
	close(fd);
	pump(e);
}

#define PAIR(name) TEST_WITH(name, set_up, tear_down)

/* One descriptor with a message, more than are kept with one, one with half of one; disconnect. */
PAIR(close_waits)
{
	struct pair *p = *state;

	send_lingering(&p->hostile, sizeof(reset), 1);
	assert_alive(&p->other);
	send_lingering(&p->hostile, sizeof(reset), 20);
	assert_alive(&p->other);
	send_lingering(&p->hostile, 7, 1);
	assert_alive(&p->other);
	client_close(&p->hostile);
	assert_alive(&p->other);
}

/* Descriptors of messages that the server has not read: a dropped client's, a refused second's. */
PAIR(close_of_queued)
{
	struct pair *p = *state;
	int first = p->hostile.client, fd = lingering_socket();
	const uint32_t size_0[] = {CMD_RESET << 16 | 1, 0, 0, 0};
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	/* Size 0 drops the client; the next message is unread. */
	assert_int_equal(send(first, size_0, sizeof(size_0), 0), sizeof(size_0));
	assert_true(send_many(first, reset, sizeof(reset), fd, 1));
	close(fd);
	pump(&p->hostile);
	assert_alive(&p->other);
	assert_int_equal(p->hostile.disconnects, 1);
	close(first);
	client_handshake(&p->hostile);
	first = p->hostile.client;

	p->hostile.client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", p->hostile.path);
	assert_int_equal(connect(p->hostile.client, (struct sockaddr *)&address, sizeof(address)),
			 0);
	fd = lingering_socket();
	assert_true(send_many(p->hostile.client, reset, sizeof(reset), fd, 1));
	close(fd);
	pump(&p->hostile);
	assert_true(client_dropped(&p->hostile));
	close(p->hostile.client);
	p->hostile.client = first;
	assert_alive(&p->other);
}

/*
 * The server stops reading a client once many of its descriptors wait to be closed, so
 * that it cannot exhaust those of the process; other endpoints still answer.
 */
PAIR(descriptors_bounded)
{
	struct pair *p = *state;
	unsigned before = open_fds(), logs;
	int fd = lingering_socket();

	send_lingering(&p->hostile, sizeof(reset), 1);
	for (unsigned i = 0; i < 1000; i++) {
		if (!send_many(p->hostile.client, reset, sizeof(reset), fd, 16))
			break;
		pump(&p->hostile);
	}
	assert_true(open_fds() <= before + DESCRIPTOR_CAPACITY);
	logs = p->hostile.logs;
	pump(&p->hostile);
	assert_int_equal(p->hostile.logs, logs);
	assert_alive(&p->other);
	client_close(&p->hostile);
	assert_int_equal(p->hostile.disconnects, 1);
	assert_alive(&p->other);
	close(fd);
}

/* The same for descriptors with the bytes of one message, as many as a socket holds. */
PAIR(descriptors_bounded_in_one_message)
{
	const uint32_t header[] = {CMD_REGION_WRITE << 16 | 1, 1 << 16, 0, 0};
	struct pair *p = *state;
	unsigned before = open_fds();
	int fd = lingering_socket();

	send_lingering(&p->hostile, sizeof(reset), 1);
	assert_true(send_many(p->hostile.client, header, sizeof(header), fd, 0));
	while (send_many(p->hostile.client, "", 1, fd, 32))
		;
	pump(&p->hostile);
	assert_true(open_fds() <= before + DESCRIPTOR_CAPACITY);
	assert_alive(&p->other);
	client_close(&p->hostile);
	assert_int_equal(p->hostile.disconnects, 1);
	close(fd);
}

/* A FUSE file system of one file, "f", that answers all requests but @ignored once it is open. */
struct fuse {
	int fd;
	uint32_t ignored;
};

static void fuse_answer(const struct fuse *fuse, uint64_t unique, int err, const void *body,
			size_t len)
{
	uint8_t bytes[512];
	struct fuse_out_header header = {
		.len = (uint32_t)(sizeof(header) + len), .error = err, .unique = unique};

	memcpy(bytes, &header, sizeof(header));
	if (len)
		memcpy(bytes + sizeof(header), body, len);
	if (write(fuse->fd, bytes, header.len) < 0)
		return;
}

static struct fuse_attr fuse_attributes(uint64_t node)
{
	return (struct fuse_attr){.ino = node,
				  .size = 1 << 20,
				  .mode = node == 1 ? S_IFDIR | 0755 : S_IFREG | 0666,
				  .nlink = 1};
}

static void fuse_request(const struct fuse *fuse, const struct fuse_in_header *in)
{
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION, .minor = 31, .max_readahead = 1 << 16};
	struct fuse_entry_out entry = {.nodeid = 2, .attr = fuse_attributes(2)};
	struct fuse_attr_out attr = {.attr = fuse_attributes(in->nodeid)};
	struct fuse_open_out open_out = {.fh = 1};

	switch (in->opcode) {
	case FUSE_INIT:
		fuse_answer(fuse, in->unique, 0, &init, sizeof(init));
		break;
	case FUSE_LOOKUP:
		fuse_answer(fuse, in->unique, 0, &entry, sizeof(entry));
		break;
	case FUSE_GETATTR:
		fuse_answer(fuse, in->unique, 0, &attr, sizeof(attr));
		break;
	case FUSE_OPEN:
		fuse_answer(fuse, in->unique, 0, &open_out, sizeof(open_out));
		break;
	case FUSE_FORGET:
		break;
	default:
		fuse_answer(fuse, in->unique, 0, NULL, 0);
	}
}

static void fuse_serve(const struct fuse *fuse)
{
	static _Alignas(8) uint8_t bytes[1 << 17];
	bool opened = false;

	while (read(fuse->fd, bytes, sizeof(bytes)) >= (ssize_t)sizeof(struct fuse_in_header)) {
		struct fuse_in_header in;

		memcpy(&in, bytes, sizeof(in));
		if (opened && in.opcode == fuse->ignored)
			continue;
		fuse_request(fuse, &in);
		opened |= in.opcode == FUSE_OPEN;
	}
}

/* Sends @body with a file whose server ignores @ignored; the other endpoint must answer. */
static void try_fuse(struct pair *p, uint32_t ignored, uint16_t command, const void *body,
		     size_t len)
{
	struct fuse fuse = {.fd = open("/dev/fuse", O_RDWR | O_CLOEXEC), .ignored = ignored};
	char dir[] = "/tmp/vfio-user-fuse.XXXXXX", options[128], path[64];
	pid_t server;
	int fd, wrong = 0;

	if (geteuid() != 0 || fuse.fd < 0) {
		print_message("skipped: needs root and /dev/fuse\n");
		skip();
	}
	assert_non_null(mkdtemp(dir));
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse.fd);
	if (mount("fuse", dir, "fuse", 0, options)) {
		rmdir(dir);
		print_message("skipped: cannot mount FUSE: %s\n", strerror(errno));
		skip();
	}
	server = fork();
	if (!server) {
		fuse_serve(&fuse);
		_exit(0);
	}
	close(fuse.fd);
	snprintf(path, sizeof(path), "%s/f", dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	client_send(&p->hostile, 1, command, 0, body, len, fd);
	pump(&p->hostile);
	wrong |= fd < 0;
	assert_alive(&p->other);
	endpoint_close(&p->hostile);
	/* Without its server no request of the file waits any more. */
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	close(fd);
	umount2(dir, MNT_DETACH);
	rmdir(dir);
	endpoint_open(&p->hostile);
	assert_false(wrong);
}

PAIR(fuse_stat)
{
	const uint32_t map[] = {32, 3, WORDS(0), WORDS(0x1000), WORDS(PAGE)};

	try_fuse(*state, FUSE_GETATTR, CMD_DMA_MAP, map, sizeof(map));
}

/* No signal ends the wait for the answer to FLUSH, so a thread that waits could not be stopped. */
PAIR(fuse_close)
{
	const uint32_t info[] = {16, 0, 0, 0};

	try_fuse(*state, FUSE_FLUSH, CMD_GET_INFO, info, sizeof(info));
}

static int cut_at_stat = -1;

/* Replaces the C library's: the file's owner truncates and seals it while fstat() runs. */
int fstat(int fd, struct stat *st)
{
	int ret = fstatat(fd, "", st, AT_EMPTY_PATH);

	if (fd == cut_at_stat && (ftruncate(fd, 0) || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK)))
		return -1;
	return ret;
}

/* Only a seal set before the size is read counts. */
TEST(cut_and_sealed)
{
	struct dma_map map = {.first = 0, .last = PAGE - 1, .readable = true};
	struct dma_table table = {0};
	bool untrusted;
	size_t len = 1;
	int ret;

	cut_at_stat = guest_memory(PAGE, false);
	ret = dma_table_map(&table, &map, cut_at_stat, 0, &untrusted);
	close(cut_at_stat);
	cut_at_stat = -1;
	assert_int_equal(ret, 0);
	assert_true(untrusted);
	assert_null(dma_table_ptr(&table, 0, &len, false));
	dma_table_clear(&table);
}

static void check_memory(int fd, bool expected)
{
	assert_true(fd >= 0);
	assert_int_equal(descriptor_is_memory(fd), expected);
	close(fd);
}

/* Only memory sealed against shrinking is mapped. */
TEST(file_kinds)
{
	int huge = memfd_create("huge", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB);

	check_memory(guest_memory(PAGE, true), true);
	check_memory(guest_memory(PAGE, false), false);
	check_memory(open("/dev/zero", O_RDWR | O_CLOEXEC), false);
	check_memory(open("/tmp", O_RDWR | O_CLOEXEC | O_TMPFILE, 0600), false);
	check_memory(open("/dev/shm", O_RDWR | O_CLOEXEC | O_TMPFILE, 0600), false);
	check_memory(open("/proc/self/mem", O_RDWR | O_CLOEXEC), false);
	check_memory(eventfd(0, EFD_CLOEXEC), false);
	check_memory(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), false);
	if (huge < 0)
		return; /* a kernel without huge pages */
	assert_int_equal(ftruncate(huge, 2 << 20), 0);
	assert_int_equal(fcntl(huge, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	check_memory(huge, false);
}

/* An access of missing pages, however many, drops the client and has no other effect. */
PAIR(lost_pages)
{
	enum { BYTES = 1 << 20 };
	struct pair *p = *state;
	struct endpoint *e = &p->hostile;
	int fd = guest_memory(BYTES, true), empty = memfd_create("empty", MFD_CLOEXEC);
	size_t len = BYTES;
	uint8_t *at;

	/* cmocka installs its own SIGBUS handler before each test. */
	assert_int_equal(dma_guard_install(), 0);
	assert_int_equal(dma_map(e, 0x100000, BYTES, 0, 3, fd), 0);
	at = vu_dma_ptr(e->vu, 0x100000, &len, true);
	assert_non_null(at);
	/* As a hole that cannot be filled for lack of memory: an access finds no page. */
	assert_true(mmap(at + PAGE, BYTES - PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			 empty, 0) == at + PAGE);
	memset(at, 1, BYTES);
	assert_alive(&p->other);
	assert_null(vu_dma_ptr(e->vu, 0x100000, &len, true));
	assert_int_equal(vu_dma_read(e->vu, 0x100000, e->dma_buf, 16), -ENOTCONN);
	assert_true(client_dropped(e));
	assert_non_null(strstr(e->log, "no page"));
	assert_int_equal(e->disconnects, 1);
	close(fd);
	close(empty);
	/* The next client is served. */
	client_close(e);
	client_handshake(e);
	assert_alive(e);
}

/* A SIGBUS at any other address ends the process, as without the handler. */
TEST(other_sigbus)
{
	int empty = memfd_create("empty", MFD_CLOEXEC), status;
	volatile uint8_t *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, empty, 0);
	pid_t child;

	child = fork();
	if (!child) {
		signal(SIGBUS, SIG_DFL);
		if (dma_guard_install() || at[0])
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGBUS);
	munmap((void *)at, PAGE);
	close(empty);
}

struct filler {
	int fd;
	atomic_uint sent; /* by the endpoint */
	atomic_bool stop, hung;
};

/* Empties the eventfd, gives the endpoint time to see that, fills it, and leaves it full. */
static void *fill(void *arg)
{
	struct filler *filler = arg;
	const uint64_t most = UINT64_MAX - 1;
	uint64_t count;
	unsigned seed = 1;

	while (!filler->stop && !filler->hung) {
		unsigned sent = filler->sent;
		uint64_t start = clock_ns();

		if (read(filler->fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
			break;
		for (unsigned spin = (unsigned)rand_r(&seed) % 20000; spin; spin--)
			atomic_signal_fence(memory_order_seq_cst);
		fcntl(filler->fd, F_SETFL, O_NONBLOCK);
		if (write(filler->fd, &most, sizeof(most)) < 0 && errno != EAGAIN)
			break;
		fcntl(filler->fd, F_SETFL, 0);
		/* Two more interrupts go out while it is full. */
		while (filler->sent - sent < 2 && !filler->stop && !filler->hung)
			filler->hung = clock_ns() - start > 100 * NS_PER_S;
		fcntl(filler->fd, F_SETFL, O_NONBLOCK);
	}
	/* Lets the endpoint go on, so that the test can end. */
	fcntl(filler->fd, F_SETFL, O_NONBLOCK);
	if (read(filler->fd, &count, sizeof(count)) < 0)
		return NULL;
	return NULL;
}

/* The server never waits for an eventfd that a client makes blocking and fills at any moment. */
PAIR(irq_race)
{
	struct pair *p = *state;
	struct filler filler = {.fd = eventfd(0, 0)};
	uint32_t body[] = {20, 0x24, 2, 0, 1};
	uint64_t start = clock_ns();
	pthread_t thread;

	assert_int_equal(call(&p->hostile, CMD_SET_IRQS, body, sizeof(body), filler.fd, NULL), 0);
	assert_int_equal(pthread_create(&thread, NULL, fill, &filler), 0);
	while (clock_ns() - start < NS_PER_S && !filler.hung) {
		vu_irq(p->hostile.vu, 0);
		filler.sent++;
	}
	filler.stop = true;
	pthread_join(thread, NULL);
	assert_false(filler.hung);
	assert_int_equal(p->hostile.logs, 0);
	close(filler.fd);
}
