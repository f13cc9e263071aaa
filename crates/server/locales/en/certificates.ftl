# Certificates

certificates-title = Certificates
certificates-lead = Send many certificate files at once: each is enrolled for whoever is called as it says; the school's own for the clerk. Never send a private key.
certificates-files = Certificate files
certificates-files-hint = .pem, .crt, .cer or .der; the issuers' certificates may come along.
certificates-send = Send certificates
certificates-sent = What came of it
certificates-outcome = { $taken } certificates enrolled, { $not } not.
certificates-progress = { $have } of { $all } people have a certificate
certificates-no-staff = The school has no staff list yet. Take that list first.
certificate-in-file = File
certificate-subject = Name in the certificate
certificate-result = What came of it
certificate-issuer = Issuer
certificate-until = Valid until
certificate-one = Look, change
certificate-file = This person's certificate
certificate-file-hint = .pem, .crt, .cer or .der; the name in it has to be this person's, or the school's for a clerk.
certificate-none = None yet
certificate-good = Can be used
certificate-over = Over
certificate-soon = Ends soon, in { $count } days
certificate-unrecognised = Its issuer is not recognised
position-teacher = Teacher
done-certificate-enrolled = The certificate was enrolled.
enrolled-new = Enrolled
enrolled-same = Was there already
enrol-no-certificate = This file is no certificate.
enrol-private-key = This file has a private key. Send a private key to nobody; tell its issuer if it may be known to others. Send the certificate alone.
enrol-issuer = An issuer's certificate; the others were checked with it.
enrol-nobody = Nobody on the staff list is called so, nor is the school.
enrol-several = Several people are called so. Open the page of the right one and send it there.
enrol-name = The name in the certificate is not this person's.
enrol-unrecognised = Its issuer is not recognised, or the issuer's certificate is missing. Send that one along.
enrol-outside-validity = The certificate is over, or not valid yet.
enrol-usage = This certificate is not for signing documents.
enrol-taken = This certificate is another account's.
enrol-elsewhere = This person works at another school, too; whoever manages both can enrol it.

## The certificate of a token

enrolling-title = From a USB token or a key file at this machine
enrolling-lead = The certificate alone is fetched; the key stays where it is.
enrolling-look = Fetch the certificate from hocba signer
enrolling-found = In the field for files above is now the certificate of:
