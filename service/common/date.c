/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "date.h"

#include <stdio.h>

#define DAY UINT64_C(86400)
#define FIRST_YEAR 1970
#define LAST_YEAR 9999

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char weekdays[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */

struct moment {
	uint32_t year, month, day, hour, minute, second;
};

static bool leap(uint32_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static uint32_t days_of(uint32_t year, uint32_t month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && leap(year));
}

/* Exactly so many digits. */
static bool number(const char *text, size_t digits, uint32_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < digits; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*ret = *ret * 10 + (uint32_t)(text[i] - '0');
	}
	return true;
}

static bool of_table(const char *table, const char *text, uint32_t *ret)
{
	for (size_t i = 0; table[i]; i += 3)
		if (memcmp(table + i, text, 3) == 0) {
			*ret = (uint32_t)(i / 3);
			return true;
		}
	return false;
}

/* A leap second counts as the one after it, as clocks have it. */
static bool seconds_of(const struct moment *m, uint64_t *ret)
{
	uint64_t days = 0;

	if (m->year < FIRST_YEAR || m->year > LAST_YEAR || m->month < 1 || m->month > 12 ||
	    m->day < 1 || m->day > days_of(m->year, m->month) || m->hour > 23 || m->minute > 59 ||
	    m->second > 60)
		return false;
	for (uint32_t y = FIRST_YEAR; y < m->year; y++)
		days += leap(y) ? 366 : 365;
	for (uint32_t i = 1; i < m->month; i++)
		days += days_of(m->year, i);
	days += m->day - 1;
	*ret = days * DAY + UINT64_C(3600) * m->hour + UINT64_C(60) * m->minute + m->second;
	return true;
}

/* "08:49:37" */
static bool read_time(const char *text, struct moment *m)
{
	return number(text, 2, &m->hour) && text[2] == ':' && number(text + 3, 2, &m->minute) &&
	       text[5] == ':' && number(text + 6, 2, &m->second);
}

bool date_parse_http(const char *text, size_t size, uint64_t *ret)
{
	uint32_t weekday, month;
	struct moment m;

	/* 0----5--8---12---17-------26 */
	/* Sun, 06 Nov 1994 08:49:37 GMT */
	if (size != 29 || memcmp(text + 3, ", ", 2) != 0 || text[7] != ' ' || text[11] != ' ' ||
	    text[16] != ' ' || memcmp(text + 25, " GMT", 4) != 0 ||
	    !of_table(weekdays, text, &weekday) || !number(text + 5, 2, &m.day) ||
	    !of_table(months, text + 8, &month) || !number(text + 12, 4, &m.year) ||
	    !read_time(text + 17, &m))
		return false;
	m.month = month + 1;
	return seconds_of(&m, ret) && (m.second == 60 ? *ret - 1 : *ret) / DAY % 7 == weekday;
}

/* "Z", "+02:00", "-07:30", and nothing behind it. */
static bool read_offset(const char *text, int64_t *ret)
{
	uint32_t hours, minutes;

	*ret = 0;
	if (strcmp(text, "Z") == 0)
		return true;
	if (strlen(text) != 6 || !strchr("+-", text[0]) || text[3] != ':' ||
	    !number(text + 1, 2, &hours) || !number(text + 4, 2, &minutes) || hours > 23 ||
	    minutes > 59)
		return false;
	*ret = (int64_t)(hours * 3600 + minutes * 60) * (text[0] == '-' ? -1 : 1);
	return true;
}

bool date_parse_rfc3339(const char *text, uint64_t *ret)
{
	struct moment m = {0};
	size_t size = strlen(text);
	int64_t offset = 0;

	if (size < 10 || !number(text, 4, &m.year) || text[4] != '-' ||
	    !number(text + 5, 2, &m.month) || text[7] != '-' || !number(text + 8, 2, &m.day))
		return false;
	if (size > 10 && (size < 20 || text[10] != 'T' || !read_time(text + 11, &m) ||
			  !read_offset(text + 19, &offset)))
		return false;
	if (!seconds_of(&m, ret) || (offset > 0 && *ret < (uint64_t)offset))
		return false;
	*ret -= (uint64_t)offset;
	return true;
}

void date_format(uint64_t date, char buf[DATE_TEXT_SIZE])
{
	uint64_t days = date / DAY, rest = date % DAY;
	uint32_t year = FIRST_YEAR, month = 1;

	for (; days >= (leap(year) ? 366U : 365U) && year < LAST_YEAR; year++)
		days -= leap(year) ? 366 : 365;
	for (; month < 12 && days >= days_of(year, month); month++)
		days -= days_of(year, month);
	(void)snprintf(buf, DATE_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ", year % 10000,
		       month % 100, (unsigned int)(days + 1) % 100,
		       (unsigned int)(rest / 3600) % 100, (unsigned int)(rest / 60 % 60),
		       (unsigned int)(rest % 60));
}
