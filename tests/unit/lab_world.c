// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/lab_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <linux/pci_regs.h>

#include "devices/accel/accel.h"
#include "devices/accel/accel_regs.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/macros.h"

#define NIC_BASE 0xd000000000ull

enum { TURNS = 4000, NIC_ID = 0x0100, ACCEL_ID = 0x0200 };

/* The transport of vfio_user.h, as far as a slot uses it. */
struct vu {
	struct vu_config config;
	struct lab_world *world;
	unsigned interrupts;
	bool busy;
	uint64_t addr;
	void *read_into;
	const void *write_from;
	size_t len;
};

static uint64_t passed_ns;

int __real_clock_gettime(clockid_t id, struct timespec *now);
int __wrap_clock_gettime(clockid_t id, struct timespec *now);

/* The linker redirects calls of clock_gettime() in the project's code here (--wrap). */
int __wrap_clock_gettime(clockid_t id, struct timespec *now)
{
	int ret = __real_clock_gettime(id, now);
	uint64_t ns = (uint64_t)now->tv_nsec + passed_ns;

	now->tv_sec += (time_t)(ns / NS_PER_S);
	now->tv_nsec = (long)(ns % NS_PER_S);
	return ret;
}

void lab_world_pass(unsigned ms)
{
	passed_ns += ms * NS_PER_MS;
}

int vu_create(struct vu **out, const struct vu_config *config)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		abort();
	(*out)->config = *config;
	return 0;
}

void vu_destroy(struct vu *vu)
{
	free(vu);
}

void *vu_dma_ptr(struct vu *vu, uint64_t addr, size_t *len, bool write)
{
	(void)write;
	if (addr >= RAM_BYTES)
		return NULL;
	if (*len > RAM_BYTES - addr)
		*len = RAM_BYTES - addr;
	return vu->world->d.world.ram + addr;
}

static int start_transfer(struct vu *vu, uint64_t addr, void *buf, const void *data, size_t len)
{
	if (vu->busy)
		abort(); /* one at a time */
	if (addr < REMOTE_BASE || addr - REMOTE_BASE > REMOTE_BYTES - len)
		return -ENODEV;
	vu->busy = true;
	vu->addr = addr;
	vu->read_into = buf;
	vu->write_from = data;
	vu->len = len;
	return 0;
}

int vu_dma_read(struct vu *vu, uint64_t addr, void *buf, size_t len)
{
	return start_transfer(vu, addr, buf, NULL, len);
}

int vu_dma_write(struct vu *vu, uint64_t addr, const void *buf, size_t len)
{
	return start_transfer(vu, addr, NULL, buf, len);
}

void vu_irq(struct vu *vu, unsigned vector)
{
	(void)vector;
	vu->interrupts++;
}

unsigned lab_world_interrupts(const struct slot *slot)
{
	return slot->vu->interrupts;
}

bool lab_world_complete(struct slot *slot, int status)
{
	struct vu *vu = slot->vu;
	uint8_t *memory;

	if (!vu->busy)
		return false;
	memory = vu->world->remote + (vu->addr - REMOTE_BASE);
	vu->busy = false;
	if (!status && vu->read_into)
		memcpy(vu->read_into, memory, vu->len);
	else if (!status)
		memcpy(memory, vu->write_from, vu->len);
	vu->config.ops->dma_done(vu->config.owner, status);
	return true;
}

static void must(int ret)
{
	if (ret)
		abort();
}

static struct lab_world *lab_of(struct world *w)
{
	return container_of(w, struct lab_world, d.world);
}

static void open_slots(struct lab_world *lw, const struct cx_config *cx)
{
	const struct fabric_config config = {FABRIC_PEERS_SWITCH, false, 256, 512};
	const struct accel_config accel = {
		.memory_bytes = ACCEL_BYTES, .completer = PCI_TPH_COMPLETER_16, .pm = true};
	/* Mixed links, so that requests in both forms are cancelled. */
	const struct slot_place nic_place = {NIC_ID, 0, SLOT_FLIT_OWN};
	const struct slot_place accel_place = {ACCEL_ID, 0, 0};
	struct pci_function_link nic_link = slot_link(&lw->nic);
	struct pci_function_link accel_link = slot_link(&lw->accel);

	nic_link.log = accel_link.log = NULL;
	strcpy(lw->nic.name, "nic0");
	strcpy(lw->accel.name, "accel0");
	must(fabric_create(&lw->fabric, &config));
	must(cx_create(&lw->nic.function, cx, &nic_link));
	must(accel_create(&lw->accel.function, &accel, &accel_link));
	must(slot_open(&lw->nic, lw->fabric, "", &nic_place));
	must(slot_open(&lw->accel, lw->fabric, "", &accel_place));
	lw->nic.vu->world = lw->accel.vu->world = lw;
}

/* The functions of cx_world.h, for cx_driver.c. */
void world_init(struct world *w, const struct cx_config *config)
{
	struct lab_world *lw = lab_of(w);

	w->ram = world_map(RAM_BYTES);
	w->brk = 4096;
	lw->remote = world_map(REMOTE_BYTES);
	open_slots(lw, config);
	w->f = lw->nic.function;
	lab_world_enable(lw);
}

void world_free(struct world *w)
{
	struct lab_world *lw = lab_of(w);

	slot_destroy(&lw->nic);
	slot_destroy(&lw->accel);
	fabric_destroy(lw->fabric);
	munmap(w->ram, RAM_BYTES);
	munmap(lw->remote, REMOTE_BYTES);
}

bool world_run(struct world *w, unsigned limit)
{
	(void)limit;
	lab_of(w)->nic.pending = true; /* the driver writes registers without the slot */
	lab_world_run(lab_of(w), TURNS);
	return true;
}

void lab_world_run(struct lab_world *lw, unsigned turns)
{
	bool more = true;

	while (more && turns--) {
		fabric_work(lw->fabric);
		more = slot_work(&lw->nic);
		more |= slot_work(&lw->accel);
	}
}

uint32_t lab_world_region_read(const struct slot *slot, unsigned region, uint64_t offset,
			       size_t len)
{
	const struct vu_config *config = &slot->vu->config;
	uint8_t bytes[4] = {0};

	must(config->ops->region_read(config->owner, region, offset, bytes, len));
	return get_le32(bytes);
}

void lab_world_region_write(const struct slot *slot, unsigned region, uint64_t offset,
			    uint32_t value, size_t len)
{
	const struct vu_config *config = &slot->vu->config;
	uint8_t bytes[4];

	put_le32(bytes, value);
	must(config->ops->region_write(config->owner, region, offset, bytes, len));
}

static void write_config(struct slot *slot, unsigned offset, uint32_t value, size_t len)
{
	lab_world_region_write(slot, VFIO_PCI_CONFIG_REGION_INDEX, offset, value, len);
}

static void enable(struct slot *slot, uint64_t base)
{
	write_config(slot, PCI_BASE_ADDRESS_0, (uint32_t)base, 4);
	write_config(slot, PCI_BASE_ADDRESS_1, (uint32_t)(base >> 32), 4);
	write_config(slot, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
}

void lab_world_enable(struct lab_world *lw)
{
	enable(&lw->nic, NIC_BASE);
	enable(&lw->accel, ACCEL_BASE);
}

static void end_client(struct slot *slot)
{
	const struct vu_config *config = &slot->vu->config;

	if (slot->vu->busy)
		lab_world_complete(slot, -ENOTCONN);
	config->ops->disconnected(config->owner);
}

void lab_world_end(struct lab_world *lw, struct slot *slot, enum lab_end end)
{
	const struct vu_config *config = &slot->vu->config;

	(void)lw;
	switch (end) {
	case LAB_END_FLR:
		write_config(slot, slot->function->pcie_cap + PCI_EXP_DEVCTL,
			     PCI_EXP_DEVCTL_BCR_FLR, 2);
		break;
	case LAB_END_RESET:
		config->ops->reset(config->owner);
		break;
	case LAB_END_UNPLUG:
		must(slot_unplug(slot));
		slot_plug(slot);
		break;
	default:
		end_client(slot);
		break;
	}
}

void lab_world_restart_driver(struct lab_world *lw)
{
	lw->d.world.brk = 4096;
	/* Clears what the last driver wrote. */
	must(madvise(lw->d.world.ram, RAM_BYTES, MADV_DONTNEED));
	driver_restart(&lw->d);
}

static void create_mr(struct lab_world *lw, struct mr *mr, uint64_t addr, uint32_t len)
{
	*mr = (struct mr){.addr = addr, .len = len};
	driver_create_mr(&lw->d, mr);
}

void lab_world_make_queues(struct lab_world *lw, uint32_t len, unsigned rnr_retry)
{
	struct lab_queues *q = &lw->q;

	create_mr(lw, &q->ram, world_alloc(&lw->d.world, len), len);
	create_mr(lw, &q->remote, REMOTE_BASE, len);
	create_mr(lw, &q->accel, ACCEL_BASE, len);
	for (unsigned i = 0; i < 2; i++) {
		driver_create_qp(&lw->d, &q->qp[i], CX_ST_RC);
		q->qp[i].rnr_retry = rnr_retry;
		q->qp[i].min_rnr_nak = 1;
	}
	for (unsigned i = 0; i < 2; i++)
		driver_connect(&lw->d, &q->qp[i], q->qp[!i].number);
}

void lab_world_write(struct lab_world *lw, const struct mr *from, const struct mr *to)
{
	struct wqe w;

	wqe_init(&w, CX_WR_RDMA_WRITE, true);
	wqe_raddr(&w, to->addr, to->key);
	wqe_data(&w, from->addr, from->key, from->len);
	driver_post(&lw->d, &lw->q.qp[0], &w);
	driver_ring(&lw->d, &lw->q.qp[0]);
	world_run(&lw->d.world, 0);
}

void lab_world_start(struct lab_world *lw, const struct cx_config *config)
{
	memset(lw, 0, sizeof(*lw));
	driver_start(&lw->d, config);
}

void lab_world_stop(struct lab_world *lw)
{
	driver_stop(&lw->d);
}
