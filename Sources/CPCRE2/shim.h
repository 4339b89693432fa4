#pragma once
// PCRE2 names its functions by code unit width; it must be chosen before the header is read.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
