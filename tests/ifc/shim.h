/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mlx5's headers need of the kernel to compile in user space. */
#ifndef TESTS_IFC_SHIM_H
#define TESTS_IFC_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef uint16_t __be16;
typedef uint32_t __be32;
typedef uint64_t __be64;
typedef int refcount_t;

#define __LITTLE_ENDIAN 1234
#define __packed	__attribute__((packed))
#define __iomem
#define __force
#define BIT(n)		(1UL << (n))
#define BIT_ULL(n)	(1ULL << (n))
#define GENMASK(h, l)	((~0UL << (l)) & (~0UL >> (63 - (h))))
#define BITS_PER_LONG	64
#define PAGE_SIZE	4096
#define BUILD_BUG_ON(e) ((void)(e))
#define DECLARE_FLEX_ARRAY(type, name)                                                             \
	struct {                                                                                   \
		struct {                                                                           \
		} empty_##name;                                                                    \
		type name[];                                                                       \
	}
#define struct_group(name, ...)                                                                    \
	union {                                                                                    \
		struct {                                                                           \
			__VA_ARGS__                                                                \
		};                                                                                 \
		struct {                                                                           \
			__VA_ARGS__                                                                \
		} name;                                                                            \
	}
#define container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

static inline u16 cpu_to_be16(u16 v)
{
	return __builtin_bswap16(v);
}
static inline u32 cpu_to_be32(u32 v)
{
	return __builtin_bswap32(v);
}
static inline u64 cpu_to_be64(u64 v)
{
	return __builtin_bswap64(v);
}
#define be16_to_cpu cpu_to_be16
#define be32_to_cpu cpu_to_be32
#define be64_to_cpu cpu_to_be64

static inline void wmb(void)
{
}
static inline void __raw_writeq(u64 v, void *p)
{
	(void)v, (void)p;
}

/* opaque here, embedded in structures that are not checked */
struct list_head {
	void *next, *prev;
};
struct completion {
	int opaque;
};
struct ib_ah {
	int opaque;
};
struct mlx5_core_rsc_common {
	int opaque;
};
struct ib_grh {
	u8 bytes[40];
};
struct mlx5_core_dev {
	struct {
		struct {
			u32 *cur, *max;
		} * hca[64];
	} caps;
};

/* for inline functions that are never called */
#define KERN_WARNING	    ""
#define DUMP_PREFIX_OFFSET  0
#define print_hex_dump(...) ((void)0)

#endif
