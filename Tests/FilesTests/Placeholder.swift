import Testing

import Files
