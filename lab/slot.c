// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/slot.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/clock.h"

/* Steps of work between two polls of the sockets: enough to make poll() cheap, too few to delay
 * clients. */
#define STEPS_PER_TURN 256

static int link_write(void *ctx, uint64_t addr, const void *data, size_t len,
		      const struct tlp_hint *hint, unsigned flags)
{
	struct slot *slot = ctx;

	return fabric_write(slot->port, addr, data, len, hint, flags);
}

static int link_read(void *ctx, uint64_t addr, void *buf, size_t len, const struct tlp_hint *hint,
		     unsigned flags)
{
	struct slot *slot = ctx;

	return fabric_read(slot->port, addr, buf, len, hint, flags);
}

static int link_pass(void *ctx, uint64_t src, const struct tlp_hint *read_hint, uint64_t dst,
		     const struct tlp_hint *write_hint, size_t len)
{
	struct slot *slot = ctx;

	return fabric_pass(slot->port, src, read_hint, dst, write_hint, len);
}

static const void *link_read_in_place(void *ctx, uint64_t addr, size_t len,
				      const struct tlp_hint *hint)
{
	struct slot *slot = ctx;

	return fabric_read_in_place(slot->port, addr, len, hint);
}

static void link_cancel(void *ctx)
{
	struct slot *slot = ctx;

	fabric_port_cancel(slot->port);
}

static void link_msix(void *ctx, unsigned vector)
{
	struct slot *slot = ctx;

	vu_irq(slot->vu, vector);
}

static void slot_log(void *ctx, const char *line)
{
	struct slot *slot = ctx;

	log_line(&slot->log, STDERR_FILENO, slot->name, line);
}

static void link_trace(void *ctx, const char *event, uint64_t value)
{
	struct slot *slot = ctx;

	fabric_trace_event(slot->port, event, value);
}

struct pci_function_link slot_link(struct slot *slot)
{
	return (struct pci_function_link){
		.ctx = slot,
		.write = link_write,
		.read = link_read,
		.pass = link_pass,
		.read_in_place = link_read_in_place,
		.cancel = link_cancel,
		.msix = link_msix,
		.log = slot_log,
		.trace = link_trace,
	};
}

static void start_countdown(struct slot *slot)
{
	if (slot->seen && slot->unplug_after_s && !slot->unplug_at_ns)
		slot->unplug_at_ns = clock_ns() + slot->unplug_after_s * NS_PER_S;
}

/* Copies BARs, bus mastering and the link's state of the function to its port of the fabric. */
static void sync_config(struct slot *slot)
{
	struct pci_function *f = slot->function;

	for (unsigned bar = 0; bar < PCI_BAR_COUNT; bar++) {
		uint64_t base = 0, size = 0;

		if (!pci_function_bar_window(f, bar, &base, &size))
			size = 0;
		slot->seen |= size != 0;
		fabric_port_set_bar(slot->port, bar, base, size);
	}
	start_countdown(slot);
	fabric_port_set_bus_master(slot->port, pci_function_bus_master(f));
	fabric_port_set_link(slot->port, !slot->unplugged);
}

/* Device memory that the host cannot map: a CPU's access is a TLP, like a peer's. */
static bool is_device_memory(const struct pci_function *f, unsigned bar)
{
	return bar < PCI_BAR_COUNT && f->bars[bar].is_memory;
}

static int config_write(struct slot *slot, uint64_t offset, const void *buf, size_t len)
{
	int ret = pci_config_write(slot->function, offset, buf, len);

	sync_config(slot);
	return ret;
}

/* A function that is unplugged answers nothing, one in D3hot config requests alone (5.3.1.4). */
static bool answers(const struct slot *slot, unsigned region)
{
	return !slot->unplugged &&
	       (region == VFIO_PCI_CONFIG_REGION_INDEX || pci_function_in_d0(slot->function));
}

static int on_region_read(void *owner, unsigned region, uint64_t offset, void *buf, size_t len)
{
	struct slot *slot = owner;
	struct pci_function *f = slot->function;

	if (!answers(slot, region)) {
		memset(buf, 0xff, len);
		return 0;
	}
	if (region == VFIO_PCI_CONFIG_REGION_INDEX)
		return pci_config_read(f, offset, buf, len);
	if (is_device_memory(f, region))
		return fabric_cpu_read(slot->port, region, offset, buf, len);
	return f->ops->bar_read(f, region, offset, buf, len);
}

static int on_region_write(void *owner, unsigned region, uint64_t offset, const void *buf,
			   size_t len)
{
	struct slot *slot = owner;
	struct pci_function *f = slot->function;

	if (!answers(slot, region))
		return 0;
	slot->pending = true;
	if (region == VFIO_PCI_CONFIG_REGION_INDEX)
		return config_write(slot, offset, buf, len);
	if (is_device_memory(f, region))
		return fabric_cpu_write(slot->port, region, offset, buf, len);
	return f->ops->bar_write(f, region, offset, buf, len);
}

static void on_reset(void *owner)
{
	struct slot *slot = owner;

	if (slot->unplugged)
		return;
	pci_function_reset(slot->function, false);
	sync_config(slot);
}

static void on_dma_done(void *owner, int status)
{
	struct slot *slot = owner;

	fabric_host_done(slot->port, status);
}

static void on_done(void *owner, int status)
{
	struct slot *slot = owner;

	slot->pending = true;
	if (slot->function->ops->dma_done)
		slot->function->ops->dma_done(slot->function, status);
}

static const struct vu_ops transport_ops = {
	.region_read = on_region_read,
	.region_write = on_region_write,
	.reset = on_reset,
	.disconnected = on_reset,
	.dma_done = on_dma_done,
};

static void *host_ptr(void *owner, uint64_t addr, size_t *len, bool write)
{
	struct slot *slot = owner;

	return vu_dma_ptr(slot->vu, addr, len, write);
}

static int host_read(void *owner, uint64_t addr, void *buf, size_t len)
{
	struct slot *slot = owner;

	return vu_dma_read(slot->vu, addr, buf, len);
}

static int host_write(void *owner, uint64_t addr, const void *buf, size_t len)
{
	struct slot *slot = owner;

	return vu_dma_write(slot->vu, addr, buf, len);
}

static const struct fabric_host_ops host_ops = {
	.ptr = host_ptr,
	.read = host_read,
	.write = host_write,
};

static void on_mem_write(void *owner, unsigned bar, uint64_t offset, const struct tlp *tlp,
			 const uint8_t *payload)
{
	struct slot *slot = owner;

	slot->function->ops->mem_write(slot->function, bar, offset, tlp, payload);
	slot->pending = true;
}

static int on_mem_read(void *owner, unsigned bar, uint64_t offset, const struct tlp *tlp,
		       uint8_t *payload)
{
	struct slot *slot = owner;

	return slot->function->ops->mem_read(slot->function, bar, offset, tlp, payload);
}

static const struct fabric_completer_ops completer_ops = {
	.mem_write = on_mem_write,
	.mem_read = on_mem_read,
};

static int open_transport(struct slot *slot, const char *dir)
{
	struct pci_function *f = slot->function;
	char path[PATH_MAX];
	struct vu_config config = {
		.path = path,
		.msix_vectors = f->msix_vectors,
		.ops = &transport_ops,
		.owner = slot,
		.log = slot_log,
	};

	snprintf(path, sizeof(path), "%s/%s.sock", dir, slot->name);
	for (unsigned region = 0; region < VFIO_PCI_NUM_REGIONS; region++)
		config.regions[region].mmap_fd = -1;
	for (unsigned bar = 0; bar < PCI_BAR_COUNT; bar++) {
		config.regions[bar].size = f->bars[bar].size;
		config.regions[bar].mmap_fd = f->bars[bar].mmap_fd;
	}
	config.regions[VFIO_PCI_CONFIG_REGION_INDEX].size = PCI_CONFIG_BYTES;
	return vu_create(&slot->vu, &config);
}

int slot_open(struct slot *slot, struct fabric *fabric, const char *dir,
	      const struct slot_place *place)
{
	struct fabric_port_config port = {
		.name = slot->name,
		.below_switch = place->below_switch,
		.completer = slot->function->ops->mem_write ? &completer_ops : NULL,
		.completer_owner = slot,
		.host = &host_ops,
		.host_owner = slot,
		.done = on_done,
		.done_owner = slot,
	};
	int ret = fabric_port_add(fabric, &slot->port, &port);

	if (ret)
		return ret;
	if (place->flit & SLOT_FLIT_OWN)
		pci_config_set_flit(slot->function);
	fabric_port_set_flit(slot->port, place->flit & SLOT_FLIT_OWN,
			     place->flit & SLOT_FLIT_UPSTREAM);
	fabric_port_set_id(slot->port, place->requester_id);
	fabric_trace_event(slot->port, "requester_id", place->requester_id);
	fabric_trace_event(slot->port, "below_switch", place->below_switch);
	fabric_trace_event(slot->port, "flit", place->flit);
	return open_transport(slot, dir);
}

void slot_destroy(struct slot *slot)
{
	vu_destroy(slot->vu);
	if (slot->function)
		slot->function->ops->destroy(slot->function);
}

/*
 * BARs stay: QEMU still shows them, and the ports above still route requests there until the guest
 * programs the function again.
 */
static void change_presence(struct slot *slot, bool unplugged)
{
	slot->unplug_after_s = 0;
	slot->unplug_at_ns = 0;
	slot->unplugged = unplugged;
	pci_function_reset(slot->function, true);
	fabric_port_set_link(slot->port, false);
	fabric_port_set_bus_master(slot->port, false);
	fabric_trace_event(slot->port, unplugged ? "unplug" : "plug", 0);
}

int slot_unplug(struct slot *slot)
{
	if (!slot->seen)
		return -EAGAIN;
	if (slot->unplugged)
		return 0;
	change_presence(slot, true);
	if (slot->function->ops->removed)
		slot->function->ops->removed(slot->function);
	return 0;
}

void slot_plug(struct slot *slot)
{
	slot->unplug_after_s = 0;
	slot->unplug_at_ns = 0;
	if (slot->unplugged)
		change_presence(slot, false);
}

void slot_unplug_after(struct slot *slot, unsigned seconds)
{
	slot->unplug_after_s = seconds;
	slot->unplug_at_ns = 0;
	start_countdown(slot);
}

int slot_advertise_tph(struct slot *slot, unsigned bits)
{
	struct pci_function *f = slot->function;

	if (f->tph_cap)
		pci_tph_advertise_requester(f, bits);
	else if (is_device_memory(f, 0))
		pci_tph_advertise_completer(f, bits == 16  ? PCI_TPH_COMPLETER_16
					       : bits == 8 ? PCI_TPH_COMPLETER_8
							   : PCI_TPH_COMPLETER_NONE);
	else
		return -EOPNOTSUPP;
	return 0;
}

static int function_wait_ms(const struct slot *slot)
{
	struct pci_function *f = slot->function;

	if (slot->unplugged)
		return -1;
	return f->ops->wait_ms ? f->ops->wait_ms(f) : -1;
}

int slot_wait_ms(const struct slot *slot)
{
	/* The function does no work while a request is outstanding; its end wakes the lab. */
	int ms = fabric_port_busy(slot->port) ? -1 : function_wait_ms(slot), left;

	if (!slot->unplug_at_ns)
		return ms;
	left = clock_ms_until(slot->unplug_at_ns);
	return ms >= 0 && ms < left ? ms : left;
}

bool slot_work(struct slot *slot)
{
	struct pci_function *f = slot->function;

	if (slot->unplug_at_ns && slot->unplug_at_ns <= clock_ns())
		slot_unplug(slot);
	if (!f->ops->work || (!slot->pending && function_wait_ms(slot)))
		return slot->pending = false;
	slot->pending = true; /* work that a timer starts may take more than one turn */
	for (int step = 0; step < STEPS_PER_TURN; step++) {
		if (fabric_port_busy(slot->port))
			return false;
		if (!f->ops->work(f))
			return slot->pending = false;
	}
	return true;
}
