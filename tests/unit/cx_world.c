// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/cx_world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fabric/fabric.h"

void *world_ptr(const struct world *w, uint64_t addr, uint64_t len)
{
	if (addr < RAM_BYTES && len <= RAM_BYTES - addr)
		return w->ram + addr;
	if (addr >= PEER_BASE && addr - PEER_BASE < PEER_BYTES &&
	    len <= PEER_BYTES - (addr - PEER_BASE))
		return w->peer + (addr - PEER_BASE);
	return NULL;
}

static int request(struct world *w, bool write, uint64_t addr, void *buf, const void *data,
		   size_t len, const struct tlp_hint *hint, unsigned flags)
{
	uint8_t *memory = world_ptr(w, addr, len);

	if (w->deferred.active)
		abort(); /* the device must not send one while another is under way */
	if (!(flags & FABRIC_NOWAIT) && w->request_count < REQUESTS)
		w->requests[w->request_count++] = (struct request){
			.write = write,
			.addr = addr,
			.len = len,
			.hint = hint ? *hint : (struct tlp_hint){0},
		};
	if (!memory)
		return -EFAULT;
	if (w->defer && !(flags & FABRIC_NOWAIT)) {
		w->deferred = (struct deferred){true, write, memory, buf, data, len};
		return -EINPROGRESS;
	}
	if (write)
		memcpy(memory, data, len);
	else if (buf != memory)
		memcpy(buf, memory, len);
	return 0;
}

static int link_write(void *ctx, uint64_t addr, const void *data, size_t len,
		      const struct tlp_hint *hint, unsigned flags)
{
	return request(ctx, true, addr, NULL, data, len, hint, flags);
}

static int link_read(void *ctx, uint64_t addr, void *buf, size_t len, const struct tlp_hint *hint,
		     unsigned flags)
{
	return request(ctx, false, addr, buf, NULL, len, hint, flags);
}

static bool is_ram(const struct world *w, uint64_t addr, size_t len)
{
	return world_ptr(w, addr, len) && addr < RAM_BYTES;
}

/* As fabric_pass(): from host memory to a peer, where neither request waits. */
static int link_pass(void *ctx, uint64_t src, const struct tlp_hint *read_hint, uint64_t dst,
		     const struct tlp_hint *write_hint, size_t len)
{
	struct world *w = ctx;
	int ret;

	if (w->defer || w->hold || !is_ram(w, src, len) || !world_ptr(w, dst, len) ||
	    is_ram(w, dst, len))
		return -EAGAIN;
	w->passes++;
	ret = request(w, false, src, world_ptr(w, src, len), NULL, len, read_hint, 0);
	return ret ? ret : request(w, true, dst, NULL, world_ptr(w, src, len), len, write_hint, 0);
}

static const void *link_read_in_place(void *ctx, uint64_t addr, size_t len,
				      const struct tlp_hint *hint)
{
	struct world *w = ctx;
	void *memory = world_ptr(w, addr, len);

	if (w->defer || w->hold || !is_ram(w, addr, len))
		return NULL;
	request(w, false, addr, memory, NULL, len, hint, 0);
	return memory;
}

static void link_cancel(void *ctx)
{
	struct world *w = ctx;

	w->deferred.active = false;
}

static void link_msix(void *ctx, unsigned vector)
{
	struct world *w = ctx;

	if (vector >= 16)
		abort();
	w->interrupts[vector]++;
}

static void link_log(void *ctx, const char *line)
{
	struct world *w = ctx;

	w->log_lines++;
	snprintf(w->last_log, sizeof(w->last_log), "%s", line);
}

static void link_trace(void *ctx, const char *event, uint64_t value)
{
	(void)ctx;
	(void)event;
	(void)value;
}

void world_init(struct world *w, const struct cx_config *config)
{
	const struct pci_function_link link = {
		.ctx = w,
		.write = link_write,
		.read = link_read,
		.pass = link_pass,
		.read_in_place = link_read_in_place,
		.cancel = link_cancel,
		.msix = link_msix,
		.log = link_log,
		.trace = link_trace,
	};

	memset(w, 0, sizeof(*w));
	w->ram = world_map(RAM_BYTES);
	w->peer = world_map(PEER_BYTES);
	w->brk = 4096;
	if (cx_create(&w->f, config, &link))
		abort();
}

void world_free(struct world *w)
{
	w->f->ops->destroy(w->f);
	munmap(w->ram, RAM_BYTES);
	munmap(w->peer, PEER_BYTES);
}

bool world_run(struct world *w, unsigned limit)
{
	while (!w->deferred.active && limit--)
		if (!w->f->ops->work(w->f))
			return true;
	return w->deferred.active;
}

void world_complete(struct world *w, int status)
{
	struct deferred d = w->deferred;

	w->deferred.active = false;
	if (!status && d.write)
		memcpy(d.memory, d.data, d.len);
	else if (!status)
		memcpy(d.buf, d.memory, d.len);
	w->f->ops->dma_done(w->f, status);
}
