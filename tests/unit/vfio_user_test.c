/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transport with a client that follows the protocol: the sequence that QEMU
 * sends, DMA in both directions, interrupts, connections and the socket file.
 */
#include "tests/unit/vfio_user_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/macros.h"

static int set_up(void **state)
{
	struct endpoint *e = malloc(sizeof(*e));

	assert_non_null(e);
	endpoint_open(e);
	*state = e;
	return 0;
}

static int set_up_connected(void **state)
{
	set_up(state);
	client_handshake(*state);
	return 0;
}

static int tear_down(void **state)
{
	endpoint_close(*state);
	free(*state);
	return 0;
}

static void expect_reply(struct endpoint *e, uint16_t command, const void *body, size_t len,
			 const void *expected, size_t expected_len)
{
	struct message m;

	assert_int_equal(call(e, command, body, len, -1, &m), 0);
	assert_int_equal(m.size, 16 + expected_len);
	assert_memory_equal(m.body, expected, expected_len);
	message_free(&m);
}

#define LISTENING(name) TEST_WITH(name, set_up, tear_down)

/* The VERSION reply is what QEMU can read: 0.0, and NUL-terminated JSON with the limits. */
LISTENING(version)
{
	static const char expected[] =
		"\0\0\0\0{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":1048576,"
		"\"pgsizes\":4096,\"max_dma_maps\":65535}}";
	static const char body[] = "\0\0\3\0{\"capabilities\":{\"max_data_xfer_size\":5000}}";
	struct endpoint *e = *state;

	client_connect(e);
	assert_false(vu_connected(e->vu));
	assert_int_equal(vu_dma_max(e->vu), 0);
	expect_reply(e, CMD_VERSION, body, sizeof(body), expected, sizeof(expected));
	assert_true(vu_connected(e->vu));
	assert_int_equal(vu_dma_max(e->vu), 5000);
	assert_int_equal(vu_dma_read(e->vu, 0, e->dma_buf, 5001), -EMSGSIZE);
	client_close(e);
	assert_false(vu_connected(e->vu));
	/* Without JSON the defaults hold, not the values of the previous client. */
	client_connect(e);
	assert_int_equal(call(e, CMD_VERSION, body, 4, -1, NULL), 0);
	assert_int_equal(vu_dma_max(e->vu), 1 << 14);
}

#define CONNECTED(name) TEST_WITH(name, set_up_connected, tear_down)

/* What QEMU requests at start, with the sizes and flags of its traces. */
CONNECTED(qemu_start)
{
	static const uint32_t device[] = {16, 0, 0, 0}, device_is[] = {16, 3, 9, 5};
	static const uint32_t err[] = {16, 0, 3, 0}, err_is[] = {16, 0, 3, 0};
	static const uint32_t msix[] = {16, 0, 2, 0}, msix_is[] = {16, 1, 2, VECTORS};
	struct endpoint *e = *state;
	uint32_t whole_config[] = {WORDS(0), 7, 4096};
	struct message m;
	uint32_t i;

	expect_reply(e, CMD_GET_INFO, device, 16, device_is, 16);
	for (i = 0; i < 9; i++) {
		uint32_t ask[] = {32, 0, i, 0, 0, 0, 0, 0};
		uint32_t is[] = {32, 0, i, 0, 0, 0, 0, 0};

		is[1] = i == 0 || i == 7 ? 3 : i == 2 ? 7 : 0;
		is[4] = i == 0 ? BAR_SIZE : i == 2 ? MEM_SIZE / 2 : i == 7 ? CONFIG_SIZE : 0;
		is[6] = i == 2 ? 4096 : 0;
		assert_int_equal(call(e, CMD_REGION_INFO, ask, 32, -1, &m), 0);
		assert_int_equal(m.size, 48);
		assert_memory_equal(m.body, is, 32);
		assert_int_equal(m.fd >= 0, i == 2);
		if (m.fd >= 0) {
			uint8_t byte;

			assert_int_equal(pread(m.fd, &byte, 1, 4096), 1);
			assert_int_equal(byte, 1);
		}
		message_free(&m);
	}
	expect_reply(e, CMD_IRQ_INFO, err, 16, err_is, 16);
	expect_reply(e, CMD_IRQ_INFO, msix, 16, msix_is, 16);
	assert_int_equal(call(e, CMD_REGION_READ, whole_config, 16, -1, &m), 0);
	assert_int_equal(m.size, 32 + 4096);
	assert_memory_equal(m.body, whole_config, 16);
	assert_memory_equal(m.body + 16, e->space, 4096);
	message_free(&m);
	assert_int_equal(call(e, CMD_RESET, NULL, 0, -1, NULL), 0);
	assert_int_equal(e->resets, 1);
	assert_int_equal(e->logs, 0);
}

/* Writes reach the owner unchanged; posted ones have no reply; an owner's error is replied. */
CONNECTED(region_access)
{
	struct endpoint *e = *state;
	uint32_t write[] = {WORDS(0xa00), 0, 8, 0x11223344, 0x55667788};
	struct message m;

	expect_reply(e, CMD_REGION_WRITE, write, sizeof(write), write, 16);
	assert_memory_equal(e->bar + 0xa00, write + 4, 8);
	write[4] = 0x99aabbcc;
	client_send(e, 1, CMD_REGION_WRITE, FLAG_NO_REPLY, write, sizeof(write), -1);
	assert_memory_equal(e->bar + 0xa00, write + 4, 8);
	assert_false(client_receive(e, &m));
	/* A region that can be mapped can be accessed by messages, too. */
	write[2] = 2;
	expect_reply(e, CMD_REGION_WRITE, write, sizeof(write), write, 16);
	assert_int_equal(e->writes, 3);
	e->refuse = -EFAULT;
	assert_int_equal(call(e, CMD_REGION_WRITE, write, sizeof(write), -1, NULL), EFAULT);
	e->refuse = -EIO;
	assert_int_equal(call(e, CMD_REGION_READ, write, 16, -1, NULL), EIO);
	e->refuse = -EIO;
	client_send(e, 1, CMD_REGION_WRITE, FLAG_NO_REPLY, write, sizeof(write), -1);
	assert_false(client_receive(e, &m));
	assert_alive(e);
}

/* A message in single bytes, its descriptor with the last one, is the same message. */
CONNECTED(byte_by_byte)
{
	struct endpoint *e = *state;
	uint32_t map[] = {2 << 16 | 7, 48, 0, 0, 32, 3, WORDS(0), WORDS(0x8000), WORDS(0x1000)};
	int fd = guest_memory(0x1000, true);
	size_t len = 8, i;
	struct message m;

	for (i = 0; i < sizeof(map); i++) {
		assert_null(vu_dma_ptr(e->vu, 0x8000, &len, true));
		client_send_bytes(e, (uint8_t *)map + i, 1, &fd, i == sizeof(map) - 1);
	}
	assert_true(client_receive(e, &m));
	assert_int_equal(m.id, 7);
	assert_int_equal(m.flags, FLAG_REPLY);
	message_free(&m);
	assert_non_null(vu_dma_ptr(e->vu, 0x8000, &len, true));
	close(fd);
}

/* Several messages in one write are all handled, also when the last is incomplete. */
CONNECTED(messages_in_one_write)
{
	struct endpoint *e = *state;
	uint32_t reset[] = {13 << 16 | 1, 16, 0, 0, 13 << 16 | 2, 16, 0, 0, 13 << 16 | 3, 16};
	uint32_t rest[] = {0, 0};
	struct message m;
	unsigned i;

	client_send_bytes(e, reset, sizeof(reset), NULL, 0);
	assert_int_equal(e->resets, 2);
	client_send_bytes(e, rest, sizeof(rest), NULL, 0);
	assert_int_equal(e->resets, 3);
	for (i = 1; i <= 3; i++) {
		assert_true(client_receive(e, &m));
		assert_int_equal(m.id, i);
		message_free(&m);
	}
}

/* Pointers are to the client's memory, within its access rights and its bounds. */
CONNECTED(dma_pointers)
{
	struct endpoint *e = *state;
	int fd = guest_memory(0x10000, true), read_only;
	size_t len = 0x100000;
	uint8_t *at, byte;
	char path[64];

	assert_int_equal(dma_map(e, 0x100000, 0x4000, 0x2000, 3, fd), 0);
	assert_int_equal(dma_map(e, 0x104000, 0x1000, 0xf000, 1, fd), 0);
	assert_int_equal(dma_map(e, 0x105000, 0x1000, 0, 3, -1), 0);
	at = vu_dma_ptr(e->vu, 0x101010, &len, true);
	assert_non_null(at);
	assert_int_equal(len, 0x2ff0);
	assert_int_equal(*at, 3);
	*at = 0xee;
	assert_int_equal(pread(fd, &byte, 1, 0x3010), 1);
	assert_int_equal(byte, 0xee);
	len = 16;
	assert_non_null(vu_dma_ptr(e->vu, 0x103ff0, &len, false));
	assert_int_equal(len, 16);
	assert_null(vu_dma_ptr(e->vu, 0x104000, &len, true));
	at = vu_dma_ptr(e->vu, 0x104000, &len, false);
	assert_non_null(at);
	assert_int_equal(*at, 15);
	assert_null(vu_dma_ptr(e->vu, 0x105000, &len, false));
	assert_null(vu_dma_ptr(e->vu, 0xfffff, &len, false));
	assert_null(vu_dma_ptr(e->vu, 0x106000, &len, false));

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_only = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(read_only >= 0);
	assert_int_equal(dma_map(e, 0x200000, 0x1000, 0, 2, read_only), EACCES);
	assert_int_equal(dma_map(e, 0x200000, 0x1000, 0, 1, read_only), 0);
	close(read_only);
	close(fd);
	/* A disconnect removes the maps. */
	client_close(e);
	assert_null(vu_dma_ptr(e->vu, 0x101010, &len, true));
}

/*
 * A file that its owner could shrink has no pointers, since an access could raise
 * SIGBUS; the map exists, for DMA by messages, and the server logs that.
 */
CONNECTED(unsealed_memory)
{
	struct endpoint *e = *state;
	int fd = guest_memory(0x4000, false);
	size_t len = 8;

	assert_int_equal(dma_map(e, 0x1000, 0x1000, 0, 3, fd), 0);
	assert_null(vu_dma_ptr(e->vu, 0x1000, &len, false));
	assert_non_null(strstr(e->log, "share=on,seal=on"));
	assert_int_equal(dma_map(e, 0x2000, 0x1000, 0, 3, fd), 0);
	assert_int_equal(e->logs, 1);
	assert_int_equal(dma_map(e, 0x1000, 0x1000, 0, 3, fd), EEXIST);
	close(fd);
}

/* Each overlap of an unmap and a map leaves the right pages mapped. */
CONNECTED(unmap)
{
	static const struct {
		uint64_t addr, size;
		const char *left; /* of eight pages at 0x10000 and two at 0x20000 */
	} rows[] = {
		{0x10000, 0x8000, "........11"},
		{0x10000, 0x2000, "..11111111"},
		{0x16000, 0x2000, "111111..11"},
		{0x13000, 0x2000, "111..11111"},
		{0xf000, 0x2000, ".111111111"},
		{0x17000, 0x2000, "1111111.11"},
		{0x17000, 0xa000, "1111111..1"},
		{0x18000, 0x8000, "1111111111"},
		{0, 0x10000, "1111111111"},
		{0x22000, 0x1000, "1111111111"},
		{0, UINT64_MAX, ".........."},
		{0, UINT64_C(1) << 63, ".........."},
		{1ull << 63, 1ull << 63, "1111111111"},
		{0x21000, 0 - 0x21000ull, "111111111."},
		{0x10001, 0xffe, "1111111111"},
	};
	struct endpoint *e = *state;
	int fd = guest_memory(0xa000, true);
	uint32_t all[] = {24, 2, 0, 0, 0, 0};
	unsigned row, page;

	for (row = 0; row < ARRAY_SIZE(rows); row++) {
		assert_int_equal(dma_map(e, 0x10000, 0x8000, 0, 3, fd), 0);
		assert_int_equal(dma_map(e, 0x20000, 0x2000, 0x8000, 3, fd), 0);
		assert_int_equal(dma_unmap(e, rows[row].addr, rows[row].size), 0);
		for (page = 0; page < 10; page++) {
			uint64_t addr = (page < 8 ? 0x10000 : 0x18000) + page * 0x1000ull;
			size_t len = 1;
			uint8_t *at = vu_dma_ptr(e->vu, addr, &len, false);

			assert_int_equal(at != NULL, rows[row].left[page] == '1');
			if (at)
				assert_int_equal(*at, page);
		}
		/* Unmaps all, as QEMU does when a container is closed. */
		assert_int_equal(call(e, CMD_DMA_UNMAP, all, sizeof(all), -1, NULL), 0);
	}
	close(fd);
}

/*
 * DMA through the client: the client sends requests before it replies, and the
 * reply arrives in three segments; none of these waits for another.
 */
CONNECTED(dma_read)
{
	struct endpoint *e = *state;
	uint32_t reply[] = {0, 16 + 16 + 64, FLAG_REPLY, 0, WORDS(0xf8001000), WORDS(64)};
	uint32_t expected[] = {WORDS(0xf8001000), WORDS(64)};
	uint8_t data[64], buf[64] = {0};
	struct message m;

	memset(data, 0x5a, sizeof(data));
	assert_int_equal(vu_dma_read(e->vu, 0xf8001000, buf, sizeof(buf)), 0);
	assert_int_equal(vu_dma_read(e->vu, 0, buf, 8), -EBUSY);
	assert_int_equal(vu_dma_write(e->vu, 0, buf, 8), -EBUSY);
	assert_true(client_receive(e, &m));
	assert_int_equal(m.command, CMD_DMA_READ);
	assert_int_equal(m.flags, 0);
	assert_int_equal(m.size, 32);
	assert_memory_equal(m.body, expected, 16);
	reply[0] = (uint32_t)m.command << 16 | m.id;
	message_free(&m);

	assert_alive(e);
	client_send_bytes(e, reply, sizeof(reply), NULL, 0);
	client_send_bytes(e, data, 10, NULL, 0);
	assert_int_equal(e->dma_ends, 0);
	client_send_bytes(e, data + 10, 54, NULL, 0);
	assert_int_equal(e->dma_ends, 1);
	assert_int_equal(e->dma_status, 0);
	assert_memory_equal(buf, data, sizeof(buf));
	assert_alive(e);
}

/* Discards @len bytes of the stream. */
static void skip_bytes(struct endpoint *e, size_t len, bool pumping)
{
	static char scratch[1 << 16];

	while (len) {
		ssize_t got =
			recv(e->client, scratch, len < sizeof(scratch) ? len : sizeof(scratch), 0);

		if (pumping)
			pump(e);
		if (got > 0)
			len -= (size_t)got;
	}
}

/*
 * A DMA write that is started while a reply is queued is sent after it, even if the
 * socket has space again; it is sent whole, and its reply ends it.
 */
CONNECTED(dma_write)
{
	struct endpoint *e = *state;
	uint32_t megabyte[] = {WORDS(0), 0, 1 << 20};
	size_t len = vu_dma_max(e->vu), i;
	uint8_t *data = malloc(len);
	uint32_t expected[] = {WORDS(0x1234), WORDS(len)};
	struct message m;

	assert_non_null(data);
	for (i = 0; i < len; i++)
		data[i] = (uint8_t)(i * 31 >> 3);
	client_send(e, 76, CMD_REGION_READ, 0, megabyte, 16, -1);
	skip_bytes(e, 100000, false);
	assert_int_equal(vu_dma_write(e->vu, 0x1234, data, len + 1), -EMSGSIZE);
	assert_int_equal(vu_dma_write(e->vu, 0x1234, data, len), 0);
	client_send(e, 77, CMD_RESET, 0, NULL, 0, -1);
	skip_bytes(e, 32 + (1 << 20) - 100000, true);
	assert_true(client_receive(e, &m));
	assert_int_equal(m.command, CMD_DMA_WRITE);
	assert_int_equal(m.size, 32 + len);
	assert_memory_equal(m.body, expected, 16);
	assert_memory_equal(m.body + 16, data, len);
	assert_int_equal(e->dma_ends, 0);
	client_send(e, m.id, CMD_DMA_WRITE, FLAG_REPLY, expected, 16, -1);
	message_free(&m);
	assert_int_equal(e->dma_ends, 1);
	assert_int_equal(e->dma_status, 0);
	assert_true(client_receive(e, &m));
	assert_int_equal(m.id, 77);
	message_free(&m);
	free(data);
}

static void fill_and_write(struct endpoint *e, unsigned replies, bool ask_for_fd)
{
	uint32_t info[] = {32, 0, 2, 0, 0, 0, 0, 0};
	uint8_t data[4096] = {0};
	struct message m;
	unsigned i;

	client_handshake(e);
	for (i = 0; i < replies; i++)
		client_send(e, (uint16_t)i, CMD_RESET, 0, NULL, 0, -1);
	assert_int_equal(vu_dma_write(e->vu, 0, data, sizeof(data)), 0);
	if (ask_for_fd)
		client_send(e, 1000, CMD_REGION_INFO, 0, info, sizeof(info), -1);
	for (i = 0; i < replies; i++) {
		assert_true(client_receive(e, &m));
		assert_int_equal(m.id, i);
		message_free(&m);
	}
	assert_true(client_receive(e, &m));
	assert_int_equal(m.command, CMD_DMA_WRITE);
	message_free(&m);
	if (ask_for_fd) {
		assert_true(client_receive(e, &m));
		assert_int_equal(m.id, 1000);
		assert_true(m.fd >= 0);
		message_free(&m);
	}
	client_close(e);
}

/*
 * However many unread replies fill the socket (some 280 do by default), the next
 * messages arrive in order: a DMA request, a reply with a descriptor. Without the
 * latter only the socket's readiness makes the server send the rest.
 */
LISTENING(socket_full)
{
	unsigned replies;

	for (replies = 1; replies < 340; replies += replies < 240 ? 80 : 1) {
		fill_and_write(*state, replies, false);
		fill_and_write(*state, replies, true);
	}
}

/* A handler may start DMA, which is sent before the handler's reply; ids do not repeat. */
CONNECTED(dma_from_handler)
{
	struct endpoint *e = *state;
	uint32_t write[] = {WORDS(0), 0, 4, 1};
	uint32_t reply[8] = {WORDS(0x7000), WORDS(16), 1, 2, 3, 4};
	struct message dma, m;

	e->dma_on_write = 0x7000;
	client_send(e, 5, CMD_REGION_WRITE, 0, write, sizeof(write), -1);
	e->dma_on_write = 0;
	assert_true(client_receive(e, &dma));
	assert_int_equal(dma.command, CMD_DMA_READ);
	assert_true(client_receive(e, &m));
	assert_int_equal(m.command, CMD_REGION_WRITE);
	message_free(&m);
	client_send(e, dma.id, CMD_DMA_READ, FLAG_REPLY, reply, sizeof(reply), -1);
	assert_int_equal(e->dma_ends, 1);
	assert_memory_equal(e->dma_buf, reply + 4, 16);
	assert_int_equal(vu_dma_read(e->vu, 0, e->dma_buf, 4), 0);
	assert_true(client_receive(e, &m));
	assert_int_not_equal(m.id, dma.id);
	message_free(&m);
	message_free(&dma);
}

/* A disconnect ends the transfer, once, and before disconnected() is called. */
CONNECTED(dma_disconnect)
{
	struct endpoint *e = *state;

	assert_int_equal(vu_dma_read(e->vu, 0x1000, e->dma_buf, 64), 0);
	client_close(e);
	assert_int_equal(e->dma_ends, 1);
	assert_int_equal(e->dma_status, -ENOTCONN);
	assert_true(e->dma_ended_first);
	assert_int_equal(e->disconnects, 1);
	client_handshake(e);
	assert_alive(e);
	/* Before the server sees a disconnect: the call must not itself call dma_done(). */
	close(e->client);
	e->client = -1;
	assert_int_equal(vu_dma_read(e->vu, 0x1000, e->dma_buf, 64), 0);
	assert_int_equal(e->dma_ends, 1);
	pump(e);
	assert_int_equal(e->dma_ends, 2);
	assert_int_equal(e->disconnects, 2);
}

static int set_irqs(struct endpoint *e, uint32_t flags, uint32_t start, uint32_t count, int fd)
{
	uint32_t body[] = {20, flags, 2, start, count};

	return call(e, CMD_SET_IRQS, body, sizeof(body), fd, NULL);
}

static uint64_t fired(int fd)
{
	uint64_t count = 0;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

/* MSI-X as QEMU enables and disables it; no other vector fires, and none after disable. */
CONNECTED(irqs)
{
	struct endpoint *e = *state;
	int a = eventfd(0, EFD_NONBLOCK), b = eventfd(0, EFD_NONBLOCK);
	unsigned fds_before = open_fds(), i;

	assert_int_equal(set_irqs(e, 0x24, 0, 1, -1), 0);
	vu_irq(e->vu, 0);
	assert_int_equal(set_irqs(e, 0x24, 0, 1, a), 0);
	assert_int_equal(set_irqs(e, 0x24, 3, 1, b), 0);
	for (i = 0; i < 10; i++)
		vu_irq(e->vu, i);
	vu_irq(e->vu, 3);
	assert_int_equal(fired(a), 1);
	assert_int_equal(fired(b), 2);
	assert_int_equal(set_irqs(e, 0x24, 0, 1, b), 0);
	vu_irq(e->vu, 0);
	assert_int_equal(fired(a), 0);
	assert_int_equal(fired(b), 1);
	assert_int_equal(set_irqs(e, 0x24, 0, 1, -1), 0);
	vu_irq(e->vu, 0);
	assert_int_equal(fired(b), 0);
	assert_int_equal(set_irqs(e, 0x21, 0, 0, -1), 0);
	vu_irq(e->vu, 3);
	assert_int_equal(fired(b), 0);
	assert_int_equal(open_fds_after(fds_before), fds_before);
	/* Nor after a disconnect. */
	assert_int_equal(set_irqs(e, 0x24, 3, 1, b), 0);
	client_close(e);
	vu_irq(e->vu, 3);
	assert_int_equal(fired(b), 0);
	close(a);
	close(b);
}

/* As many descriptors as a message can carry, each for its own vector. */
CONNECTED(irqs_at_once)
{
	struct endpoint *e = *state;
	uint32_t message[] = {CMD_SET_IRQS << 16, 36, 0, 0, 20, 0x24, 2, 2, 16};
	struct message m;
	unsigned i;
	int fds[16];

	for (i = 0; i < 16; i++)
		fds[i] = eventfd(0, EFD_NONBLOCK);
	client_send_bytes(e, message, sizeof(message), fds, 16);
	assert_true(client_receive(e, &m));
	assert_int_equal(m.error, 0);
	message_free(&m);
	for (i = 0; i < VECTORS; i++)
		vu_irq(e->vu, i);
	vu_irq(e->vu, 17);
	for (i = 0; i < 16; i++) {
		assert_int_equal(fired(fds[i]), i == 15 ? 2 : 1);
		close(fds[i]);
	}
}

/* The server does not wait for an eventfd that is full and blocking. */
CONNECTED(irq_full)
{
	struct endpoint *e = *state;
	uint64_t most = UINT64_MAX - 1;
	int fd = eventfd(0, 0);

	assert_int_equal(set_irqs(e, 0x24, 1, 1, fd), 0);
	assert_int_equal(write(fd, &most, sizeof(most)), sizeof(most));
	vu_irq(e->vu, 1);
	assert_true(fired(fd) >= most);
	vu_irq(e->vu, 1);
	assert_int_equal(fired(fd), 1);
	close(fd);
}

/*
 * A client that sends requests and does not read: the server stops calling its owner
 * once 1 MiB of replies is queued, and every reply arrives when the client reads.
 */
CONNECTED(output_bound)
{
	enum { ASKED = 300, LEN = 1 << 16 };
	struct endpoint *e = *state;
	uint32_t message[] = {CMD_REGION_READ << 16, 32, 0, 0, WORDS(0), 0, LEN};
	unsigned asked = 0, i;
	struct message m;

	while (asked < ASKED) {
		message[0] = CMD_REGION_READ << 16 | asked;
		if (send(e->client, message, sizeof(message), 0) < 0)
			break;
		asked++;
	}
	assert_true(asked > 100);
	pump(e);
	assert_in_range(e->reads, 16, 40);
	for (i = 0; i < asked; i++) {
		assert_true(client_receive(e, &m));
		assert_int_equal(m.id, i);
		assert_int_equal(m.size, 32 + LEN);
		message_free(&m);
	}
	assert_int_equal(e->reads, asked);
	assert_alive(e);
	/* A client may disconnect while replies are queued. */
	for (i = 0; i < 100; i++)
		send(e->client, message, sizeof(message), 0);
	pump(e);
	client_close(e);
	assert_int_equal(e->disconnects, 1);
}

/* One client at a time: a second is dropped at once; after a disconnect the next is accepted. */
CONNECTED(second_client)
{
	struct endpoint *e = *state;
	int first = e->client;

	client_connect(e);
	assert_true(client_dropped(e));
	close(e->client);
	e->client = first;
	assert_alive(e);
	assert_int_equal(e->disconnects, 0);
	/* The server sees the disconnect and the new client at the same time. */
	close(first);
	client_handshake(e);
	assert_int_equal(e->disconnects, 1);
	assert_alive(e);
}

/* A client that cannot be accepted now causes no busy polling and is accepted later. */
LISTENING(no_descriptors)
{
	struct endpoint *e = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct rlimit before, none;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", e->path);
	e->client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){.rlim_cur = (rlim_t)e->client, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(connect(e->client, (struct sockaddr *)&address, sizeof(address)), 0);
	pump(e); /* returns */
	assert_non_null(strstr(e->log, "cannot accept"));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	client_send(e, 1, CMD_VERSION, 0, "\0\0\0\0", 4, -1);
	for (unsigned i = 0; !vu_connected(e->vu) && i < 500; i++) {
		usleep(10000);
		pump(e);
	}
	assert_true(vu_connected(e->vu));
}

static int stale_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return close(fd);
}

/* Mode 0600 under any umask; a running server's path is refused, a stale socket replaced. */
LISTENING(socket_file)
{
	struct endpoint *e = *state;
	mode_t old = umask(0);
	struct vu *other = NULL;
	struct stat st;
	int fd;

	assert_int_equal(vu_create(&other, &e->config), -EADDRINUSE);
	pump(e);
	vu_destroy(e->vu);
	assert_int_equal(vu_create(&e->vu, &e->config), 0);
	assert_int_equal(stat(e->path, &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0600);
	vu_destroy(e->vu);

	stale_socket(e->path);
	assert_int_equal(vu_create(&e->vu, &e->config), 0);
	assert_int_equal(stat(e->path, &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0600);
	client_handshake(e);
	assert_alive(e);
	client_close(e);

	/* Another server has replaced the socket: vu_destroy() must not remove its file. */
	assert_int_equal(unlink(e->path), 0);
	stale_socket(e->path);
	vu_destroy(e->vu);
	assert_int_equal(unlink(e->path), 0);

	/* A file that is not a socket is not replaced. */
	fd = open(e->path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(vu_create(&other, &e->config), -EADDRINUSE);
	assert_int_equal(unlink(e->path), 0);
	assert_null(other);

	umask(old);
	assert_int_equal(vu_create(&e->vu, &e->config), 0);
}

/* An invalid configuration is refused at once, not when a client connects. */
LISTENING(bad_config)
{
	struct endpoint *e = *state;
	struct vu_config config = e->config;
	struct vu_ops no_ops = {0};
	char path[200];
	struct vu *vu = NULL;

	config.ops = &no_ops;
	assert_int_equal(vu_create(&vu, &config), -EINVAL);
	config = e->config;
	config.path = "";
	assert_int_equal(vu_create(&vu, &config), -EINVAL);
	memset(path, 'a', sizeof(path));
	path[199] = 0;
	config.path = path;
	assert_int_equal(vu_create(&vu, &config), -ENAMETOOLONG);
	config.path = "/nowhere/at/all";
	assert_int_equal(vu_create(&vu, &config), -ENOENT);
	config = e->config;
	config.regions[2].size = MEM_SIZE;
	assert_int_equal(vu_create(&vu, &config), -EINVAL);
	config.regions[2].mmap_fd = 9999;
	assert_int_equal(vu_create(&vu, &config), -EBADF);
	/* A client could shrink the file, and the server's next access would end it. */
	config = e->config;
	config.regions[2].mmap_fd = guest_memory(MEM_SIZE, false);
	assert_int_equal(vu_create(&vu, &config), -EINVAL);
	close(config.regions[2].mmap_fd);
	assert_null(vu);
	vu_destroy(NULL);
}
