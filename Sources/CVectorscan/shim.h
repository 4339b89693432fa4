#pragma once
#include <hs/hs.h>
// For malloc_trim: the pattern compiler is what leaves pages to give back.
#include <malloc.h>
