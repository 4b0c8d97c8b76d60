#ifndef CREVISION_H
#define CREVISION_H

/// The git revision that the program was built from, as the environment of the build said it (see Package.swift); empty if
/// it said nothing. Ends in NUL and is never freed.
const char *_Nonnull crevision(void);

#endif
