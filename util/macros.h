/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_MACROS_H
#define UTIL_MACROS_H

#include <stddef.h>

/* Number of elements of an array; not for a pointer. */
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* The structure of @type whose @member @pointer points to. */
#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

#endif
