// intaglio: the command line of officers, signers, administrators and auditors.
#include <iostream>

#include "host/ctl/command_table.h"

int main(int argc, char** argv) {
  return intaglio::host::RunIntaglio(argc, argv, {std::cin, std::cout, std::cerr});
}
