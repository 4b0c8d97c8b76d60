#include "crevision.h"

#ifndef CREVISION
#define CREVISION ""
#endif

const char *crevision(void) { return CREVISION; }
