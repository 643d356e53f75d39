// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Hints on dma-bufs through a VFIO device. The kernel has two interfaces: export
 * flags, and a device feature for after the export. See tph/vfio_tph.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "libtph/internal.h"
#include "tph/vfio_tph.h"

#define TAGS	    (TPH_HINT_ST | TPH_HINT_ST_EXT)
#define TAKEN	    (TPH_HINT_TAKEN_ST | TPH_HINT_TAKEN_ST_EXT)
#define RANGES_MAX  4096
#define NO_BAR	    VFIO_PCI_CONFIG_REGION_INDEX /* fails each check for a BAR */
#define SET_AND_GET (VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_GET)

/* The flags have the kernel's values, so they need no translation. */
_Static_assert(TPH_HINT_ST == VFIO_DMA_BUF_TPH_ST, "flags differ");
_Static_assert(TPH_HINT_ST_EXT == VFIO_DMA_BUF_TPH_ST_EXT, "flags differ");
_Static_assert(TPH_HINT_REQUIRED == VFIO_DMA_BUF_TPH_REQUIRED, "flags differ");

static int tph_feature(int device_fd, uint32_t operation,
		       struct vfio_device_feature_dma_buf_tph *tph)
{
	union {
		struct vfio_device_feature head;
		uint8_t bytes[sizeof(struct vfio_device_feature) + sizeof(*tph)];
	} arg = {.head = {.argsz = sizeof(arg.bytes),
			  .flags = operation | TPH_VFIO_FEATURE_DMA_BUF_TPH}};

	memcpy(arg.bytes + sizeof(arg.head), tph, sizeof(*tph));
	if (ioctl(device_fd, VFIO_DEVICE_FEATURE, &arg))
		return -errno;
	memcpy(tph, arg.bytes + sizeof(arg.head), sizeof(*tph));
	return 0;
}

/* Another kernel may use the number for another feature, so a GET must fail as expected, too. */
static int probe_feature(int device_fd)
{
	struct vfio_device_feature_dma_buf_tph none = {.dmabuf_fd = -1};
	int ret = tph_feature(device_fd, VFIO_DEVICE_FEATURE_PROBE | SET_AND_GET, &none);

	if (ret)
		return ret;
	ret = tph_feature(device_fd, VFIO_DEVICE_FEATURE_GET, &none);
	return ret == -EBADF ? 0 : -ENOTTY;
}

/* The file descriptor, or a negative errno. */
static int export_flags(int device_fd, uint32_t bar, uint32_t open_flags, uint32_t flags,
			const struct tph_range *ranges, size_t count)
{
	size_t bytes = sizeof(struct vfio_device_feature) +
		       sizeof(struct vfio_device_feature_dma_buf) +
		       count * sizeof(struct vfio_region_dma_range);
	struct vfio_device_feature *head = calloc(1, bytes);
	struct vfio_device_feature_dma_buf *arg;
	int ret;

	if (!head)
		return -ENOMEM;
	head->argsz = (uint32_t)bytes;
	head->flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF;
	arg = (struct vfio_device_feature_dma_buf *)head->data;
	arg->region_index = bar;
	arg->open_flags = open_flags;
	arg->flags = flags;
	arg->nr_ranges = (uint32_t)count;
	for (size_t i = 0; i < count; i++) {
		arg->dma_ranges[i].offset = ranges[i].offset;
		arg->dma_ranges[i].length = ranges[i].length;
	}
	ret = ioctl(device_fd, VFIO_DEVICE_FEATURE, head);
	if (ret < 0)
		ret = -errno;
	free(head);
	return ret;
}

/*
 * Does the export accept @flags? The kernel checks them before the BAR, which is
 * invalid here, so that ENODEV means that they are valid.
 */
static int probe_flags(int device_fd, uint32_t flags)
{
	static const struct tph_range range = {0, 4096};
	int ret = export_flags(device_fd, NO_BAR, O_CLOEXEC, flags, &range, 1);

	if (ret >= 0) {
		close(ret);
		return -ENOTTY;
	}
	return ret == -ENODEV ? 0 : ret;
}

static uint32_t flags_of(const struct tph_hints *hints)
{
	bool extended = hints->flags & TPH_HINT_ST_EXT;
	uint32_t tag = extended ? hints->st_ext : hints->st;

	if (!(hints->flags & TAGS))
		return 0;
	return VFIO_DMABUF_FL_TPH | (uint32_t)hints->ph << VFIO_DMABUF_TPH_PH_SHIFT |
	       (extended ? VFIO_DMABUF_FL_TPH_EXT : 0) |
	       (hints->flags & TPH_HINT_REQUIRED ? VFIO_DMABUF_FL_TPH_REQUIRED : 0) |
	       tag << VFIO_DMABUF_TPH_ST_SHIFT;
}

int tph_vfio_probe(int device_fd, struct tph_vfio_support *support)
{
	int plain = probe_flags(device_fd, 0);
	int flags = plain ? plain : probe_flags(device_fd, VFIO_DMABUF_FL_TPH);
	int feature = probe_feature(device_fd);

	*support = (struct tph_vfio_support){
		.export_dmabuf = !plain,
		.at_export = !flags,
		.feature = !feature,
	};
	if (!flags) {
		support->required =
			!probe_flags(device_fd, VFIO_DMABUF_FL_TPH | VFIO_DMABUF_FL_TPH_REQUIRED);
		support->extended =
			!probe_flags(device_fd, VFIO_DMABUF_FL_TPH | VFIO_DMABUF_FL_TPH_EXT);
	}
	if (plain && plain != -EOPNOTSUPP && plain != -ENOTTY)
		return plain;
	if (!flags || (!feature && !plain))
		return 0;
	if (flags == -EOPNOTSUPP || feature == -EOPNOTSUPP)
		return -EOPNOTSUPP;
	return -ENOTTY;
}

static int check_hints(const struct tph_hints *hints)
{
	uint32_t flags = hints->flags;

	if (flags & ~(TAGS | TAKEN | TPH_HINT_REQUIRED) || hints->ph > TPH_PH_TARGET_PRIORITY)
		return -EINVAL;
	if ((hints->st && !(flags & TPH_HINT_ST)) || (hints->st_ext && !(flags & TPH_HINT_ST_EXT)))
		return -EINVAL;
	return hints->ph && !(flags & TAGS) ? -EINVAL : 0;
}

static int check_request(const struct tph_vfio_export *request)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	if (!request->range_count)
		return -EINVAL;
	if (request->range_count > RANGES_MAX)
		return -E2BIG;
	for (size_t i = 0; i < request->range_count; i++) {
		const struct tph_range *range = &request->ranges[i];

		if (!range->length || range->offset % page || range->length % page ||
		    range->length > UINT64_MAX - range->offset)
			return -EINVAL;
	}
	return check_hints(&request->hints);
}

/* Exports without hints and sets them before the caller has the file descriptor. */
static int export_then_set(int device_fd, const struct tph_vfio_export *r)
{
	int fd, ret = probe_feature(device_fd);

	if (ret)
		return ret;
	fd = export_flags(device_fd, r->bar, (uint32_t)r->open_flags, 0, r->ranges, r->range_count);
	if (fd < 0)
		return fd;
	ret = tph_vfio_set_hints(device_fd, fd, &r->hints);
	if (!ret)
		return fd;
	close(fd);
	/* The hints are consistent and the dma-buf is this device's: the kernel lacks a flag. */
	return ret == -EINVAL ? -ENOTTY : ret;
}

int tph_vfio_export(int device_fd, const struct tph_vfio_export *r)
{
	uint32_t flags;
	int ret = check_request(r);

	if (ret)
		return ret;
	/* The export flags hold one tag: not two, and not none with TPH_HINT_REQUIRED. */
	if ((r->hints.flags & TAGS) == TAGS ||
	    (r->hints.flags & (TAGS | TPH_HINT_REQUIRED)) == TPH_HINT_REQUIRED)
		return export_then_set(device_fd, r);
	flags = flags_of(&r->hints);
	if (flags && probe_flags(device_fd, flags) == -EINVAL)
		return export_then_set(device_fd, r);
	return export_flags(device_fd, r->bar, (uint32_t)r->open_flags, flags, r->ranges,
			    r->range_count);
}

int tph_vfio_set_hints(int device_fd, int dmabuf_fd, const struct tph_hints *hints)
{
	struct vfio_device_feature_dma_buf_tph tph = {
		.dmabuf_fd = dmabuf_fd,
		.flags = hints->flags & ~TAKEN,
		.steering_tag_ext = hints->st_ext,
		.steering_tag = hints->st,
		.ph = hints->ph,
	};
	int ret = check_hints(hints);

	if (!ret)
		ret = probe_feature(device_fd);
	return ret ? ret : tph_feature(device_fd, VFIO_DEVICE_FEATURE_SET, &tph);
}

int tph_vfio_get_hints(int device_fd, int dmabuf_fd, struct tph_hints *hints)
{
	struct vfio_device_feature_dma_buf_tph tph = {.dmabuf_fd = dmabuf_fd};
	int ret = probe_feature(device_fd);

	if (!ret)
		ret = tph_feature(device_fd, VFIO_DEVICE_FEATURE_GET, &tph);
	if (!ret)
		*hints = (struct tph_hints){
			.flags = tph.flags,
			.st_ext = tph.steering_tag_ext,
			.st = tph.steering_tag,
			.ph = tph.ph,
		};
	return ret;
}

const char *tph_vfio_explain(int error)
{
	switch (error < 0 ? -error : error) {
	case 0:
		return "no error";
	case EINVAL:
		return "the hints are inconsistent, the range is not page aligned, overlaps or "
		       "leaves the BAR, or the dma-buf is of another device";
	case EOPNOTSUPP:
		return "the device is not a TPH completer, or not of 16-bit tags, the BAR is not "
		       "prefetchable, or its driver exports no memory";
	case ENOTTY:
		return "this kernel cannot do it: it needs the dma-buf TPH series, and for any "
		       "export Linux 6.19 with VFIO_PCI_DMABUF";
	case ENODEV:
		return "this BAR has no memory to export, or the device that the dma-buf came from "
		       "was closed";
	case EBADF:
		return "not an open file descriptor";
	case EBUSY:
		return "an importer has mapped the buffer and sends other hints than these, or none";
	case E2BIG:
		return "too many ranges";
	case EMFILE:
	case ENFILE:
		return "no more file descriptors";
	case ENOMEM:
		return "out of memory";
	case EPERM:
	case EACCES:
		return "not permitted; run as root or give this user the VFIO device";
	default:
		return "the kernel refused it, see its log";
	}
}
