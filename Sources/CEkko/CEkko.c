#include "CEkko.h"
