import Testing

import Compute
