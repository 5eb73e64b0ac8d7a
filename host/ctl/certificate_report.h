// Certificates and credentials as commands show them.
#ifndef INTAGLIO_HOST_CTL_CERTIFICATE_REPORT_H_
#define INTAGLIO_HOST_CTL_CERTIFICATE_REPORT_H_

#include <string>

#include "base/bytes.h"
#include "host/ctl/report.h"
#include "intaglio/host/v1/types.pb.h"

namespace intaglio::host {

// What the certificate says, for people. kCertificateMalformed.
StatusOr<Report> ReportOfCertificate(ByteView certificate_der);

// The credential with its certificate taken apart. kCertificateMalformed.
StatusOr<Report> ReportOfCredential(const host::v1::Credential& credential);

// Writes the certificate as PEM and reports it with the file's name. WriteFile's failures.
StatusOr<Report> WriteCertificate(const std::string& path, ByteView certificate_der);

}  // namespace intaglio::host

#endif  // INTAGLIO_HOST_CTL_CERTIFICATE_REPORT_H_
