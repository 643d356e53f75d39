// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The functions of libibverbs that tphctl doctor calls, with one device, mlx5_1: a registration
 * fails with the errno in FAKE_VERBS_ERRNO.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

static void *devices[2] = {devices, NULL};

void **ibv_get_device_list(int *count);
void ibv_free_device_list(void **list);
const char *ibv_get_device_name(void *device);
void *ibv_open_device(void *device);
int ibv_close_device(void *context);
void *ibv_alloc_pd(void *context);
int ibv_dealloc_pd(void *pd);
int ibv_dereg_mr(void *mr);
void *ibv_reg_dmabuf_mr(void *pd, uint64_t offset, size_t length, uint64_t iova, int fd,
			int access);

void **ibv_get_device_list(int *count)
{
	if (count)
		*count = 1;
	return devices;
}

void ibv_free_device_list(void **list)
{
	(void)list;
}

const char *ibv_get_device_name(void *device)
{
	(void)device;
	return "mlx5_1";
}

void *ibv_open_device(void *device)
{
	return device;
}

int ibv_close_device(void *context)
{
	return !context;
}

void *ibv_alloc_pd(void *context)
{
	return context;
}

int ibv_dealloc_pd(void *pd)
{
	return !pd;
}

int ibv_dereg_mr(void *mr)
{
	return !mr;
}

void *ibv_reg_dmabuf_mr(void *pd, uint64_t offset, size_t length, uint64_t iova, int fd, int access)
{
	const char *number = getenv("FAKE_VERBS_ERRNO");

	(void)pd;
	/* NCCL and UCX ask in the same form: a whole page of no file. */
	errno = offset || length != 4096 || iova || fd != -1 || access != 1 ? ERANGE
		: number						    ? atoi(number)
									    : EBADF;
	return NULL;
}
