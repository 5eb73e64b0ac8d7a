#include <stdio.h>

#include <string>
#include <vector>

#include "hardware-sim/ctl/commands.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto out = intaglio::sim::RunCommand(arguments);
  if (!out.ok()) {
    fprintf(stderr, "intaglio-sim: %s: %s\n", intaglio::ReasonIdOf(out.status()).c_str(),
            intaglio::DetailOf(out.status()).c_str());
    return 1;
  }
  fputs(out->c_str(), stdout);
  return 0;
}
