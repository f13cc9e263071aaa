# Signing on a page

signing-no-script = Signing on this page takes JavaScript. Without it, sign by command:
signing-looking = Looking for hocba signer on this machine…
signing-absent = hocba signer was not found on this machine. Plug in the USB token or have the key file ready, open a terminal, run the command below, then look again.
signing-look-again = Look again
signing-pair = The six digits that hocba signer shows
signing-pair-button = Pair
signing-preparing = Preparing what is to be signed…
signing-certificate = Certificate
signing-count = To be signed
signing-list = List
signing-waiting = Waiting for your answer in the window of hocba signer. Compare the list shown there with the one below before you agree: they have to be the same.
signing-progress = Signed and taken:
signing-offline = The line is down. What is signed is kept on this page and will be sent as soon as it is back; leave the page open.
signing-nothing = Nothing is left to be signed with this certificate.
signing-not-yours = This is not the certificate that is enrolled for whoever is signed in. Plug in your own token, or ask the school's administrator to enrol the new certificate.
signing-go-on = Go on
signing-declined = The answer in the window of hocba signer was no. Nothing was signed.
done-signed = Signed.
