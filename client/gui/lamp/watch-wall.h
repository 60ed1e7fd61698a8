/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Tells when the wall was changed by others, and when the service that keeps it is lost. */
#include "notices.h"
#include "service.h"

/* For as long as the program runs; it does not own what it is given. */
void watch_wall(GuiService *service, LampNotices *notices);
