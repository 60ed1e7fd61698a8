/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A class of refusal in words, or its name if this version does not know it. */
const char *refusal_what(const char *class);
