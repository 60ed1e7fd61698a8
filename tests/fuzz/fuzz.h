/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A target as libFuzzer calls it; replay.c calls it with the files of the corpus. */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
