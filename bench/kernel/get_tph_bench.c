// SPDX-License-Identifier: GPL-2.0-only
/*
 * What dma_buf_get_tph() costs: the reservation lock taken, the exporter asked
 * and the lock dropped, against the lock taken and dropped. Measures in its init,
 * which then fails, so that the module does not stay loaded:
 *
 *   insmod get_tph_bench.ko fd=3 importer=0000:06:00.0
 *
 * with the dma-buf at that file descriptor of the caller. The result is a line
 * in the kernel's log.
 */
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/pci-tph.h>
#include <linux/pci.h>
#include <linux/sort.h>

#define ROUNDS 5 /* at each address */
#define CALLS  20000

static int fd = -1;
module_param(fd, int, 0);
MODULE_PARM_DESC(fd, "dma-buf with a hint for the importer, as the caller's file descriptor");

static char *importer;
module_param(importer, charp, 0);
MODULE_PARM_DESC(importer, "PCI function that asks");

static void invalidate(struct dma_buf_attachment *attach)
{
}

static const struct dma_buf_attach_ops attach_ops = {
	.allow_peer2peer = true,
	.invalidate_mappings = invalidate,
};

struct question {
	struct dma_buf_attachment *attach;
	bool extended;
};

static __always_inline int loops(const struct question *q, u64 *lock_ns, u64 *get_ns)
{
	struct dma_resv *resv = q->attach->dmabuf->resv;
	u64 start = ktime_get_ns();
	int ret = 0;
	u16 tag;
	u8 ph;

	for (int i = 0; i < CALLS; i++) {
		dma_resv_lock(resv, NULL);
		dma_resv_unlock(resv);
	}
	*lock_ns = ktime_get_ns() - start;

	start = ktime_get_ns();
	for (int i = 0; i < CALLS && !ret; i++) {
		dma_resv_lock(resv, NULL);
		ret = dma_buf_get_tph(q->attach, q->extended, &tag, &ph);
		dma_resv_unlock(resv);
	}
	*get_ns = ktime_get_ns() - start;
	return ret;
}

/*
 * The loops, at several addresses. QEMU looks up the target of each call and return in a table, by
 * a hash of its address. Two targets with the same hash are slow.
 */
#define PLACE(n)                                                                                   \
	static noinline int loops_##n(const struct question *q, u64 *lock, u64 *get)               \
	{                                                                                          \
		return loops(q, lock, get);                                                        \
	}
PLACE(0)
PLACE(1)
PLACE(2)
PLACE(3)
PLACE(4)
PLACE(5)
PLACE(6)

static int (*const places[])(const struct question *, u64 *, u64 *) = {
	loops_0, loops_1, loops_2, loops_3, loops_4, loops_5, loops_6,
};

static int compare(const void *a, const void *b)
{
	return cmp_int(*(const u64 *)a, *(const u64 *)b);
}

static u64 median(u64 *values, size_t n)
{
	sort(values, n, sizeof(*values), compare, NULL);
	return values[n / 2];
}

static int measure(struct dma_buf_attachment *attach, struct pci_dev *pdev)
{
	struct question q = {attach, pcie_tph_requester_type(pdev) == PCI_TPH_REQ_EXT_TPH};
	u64 permille[ROUNDS], by_place[ARRAY_SIZE(places)], lock = 0, get, ratio;
	int ret;

	for (int place = 0; place < ARRAY_SIZE(places); place++) {
		for (int i = 0; i < ROUNDS; i++) {
			ret = places[place](&q, &lock, &get);
			if (ret)
				return ret;
			permille[i] = div64_u64(get * 1000, lock);
		}
		by_place[place] = median(permille, ROUNDS);
	}
	ratio = median(by_place, ARRAY_SIZE(places));
	pr_info("{\"bench\":\"dma_buf_get_tph\",\"rounds\":%d,\"lock_ns\":%llu,\"ratio\":%llu.%03llu}\n",
		ROUNDS, lock / CALLS, ratio / 1000, ratio % 1000);
	return 0;
}

static int measure_pair(struct dma_buf *dmabuf, struct device *dev)
{
	struct dma_buf_attachment *attach;
	int ret;

	attach = dma_buf_dynamic_attach(dmabuf, dev, &attach_ops, NULL);
	if (IS_ERR(attach))
		return PTR_ERR(attach);

	ret = measure(attach, to_pci_dev(dev));
	dma_buf_detach(dmabuf, attach);
	return ret;
}

static int __init get_tph_bench_init(void)
{
	struct dma_buf *dmabuf = dma_buf_get(fd);
	struct device *dev;
	int ret = -ENODEV;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);

	dev = importer ? bus_find_device_by_name(&pci_bus_type, NULL, importer) : NULL;
	if (dev)
		ret = measure_pair(dmabuf, dev);
	put_device(dev);
	dma_buf_put(dmabuf);
	/* Fails always: the measurement is done, and the module need not stay loaded. */
	return ret ? ret : -ECANCELED;
}
module_init(get_tph_bench_init);

MODULE_IMPORT_NS("DMA_BUF");
MODULE_DESCRIPTION("Cost of asking for a TLP Processing Hint");
MODULE_LICENSE("GPL");
