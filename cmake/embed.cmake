# cmake -DINPUT=file -DOUTPUT=file.cc -DNAME=kName -DNAMESPACE=a::b -P embed.cmake
# Writes the octets of INPUT as a C++ constant `const std::string_view NAME()`.
file(READ ${INPUT} octets HEX)
string(REGEX REPLACE "(..)" "0x\\1," octets "${octets}")
string(REGEX REPLACE "(................................................................................)" "\\1\n" octets "${octets}")
file(WRITE ${OUTPUT} "#include <string_view>
namespace ${NAMESPACE} {
namespace {
constexpr unsigned char kOctets[] = {
${octets}
};
}  // namespace
std::string_view ${NAME}() {
  return {reinterpret_cast<const char*>(kOctets), sizeof kOctets};
}
}  // namespace ${NAMESPACE}
")
