/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Shows the doors that are open: in the tray, else as a notification; and closes one's own. */
#include "item.h"
#include "menu.h"
#include "notices.h"
#include "service.h"

/* For as long as the program runs; it does not own what it is given. */
void watch_doors(GuiService *service, LampItem *item, LampMenu *menu, LampNotices *notices);
