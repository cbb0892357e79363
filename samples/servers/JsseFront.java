import java.io.FileInputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.security.KeyStore;
import java.security.Security;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/**
 * Ends TLS in front of a mail server, with what Java still knows and has turned off: SSL 3.0, DES, EXPORT.
 * Arguments: address, port, port of the mail server on the same machine, key store (its password is "secret").
 */
class JsseFront {
	public static void main(String[] args) throws Exception {
		Security.setProperty("jdk.tls.disabledAlgorithms", "");
		KeyStore keys = KeyStore.getInstance("PKCS12");
		try (FileInputStream file = new FileInputStream(args[3])) {
			keys.load(file, "secret".toCharArray());
		}
		KeyManagerFactory managers = KeyManagerFactory.getInstance("SunX509");
		managers.init(keys, "secret".toCharArray());
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(managers.getKeyManagers(), null, null);
		InetAddress address = InetAddress.getByName(args[0]);
		SSLServerSocket server =
			(SSLServerSocket) context.getServerSocketFactory().createServerSocket(Integer.parseInt(args[1]), 5, address);
		server.setEnabledProtocols(new String[] {"SSLv2Hello", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"});
		server.setEnabledCipherSuites(server.getSupportedCipherSuites());
		while (true) {
			Socket client = server.accept();
			Socket backend = new Socket(address, Integer.parseInt(args[2]));
			new Thread(() -> pass(client, backend)).start();
			new Thread(() -> pass(backend, client)).start();
		}
	}

	static void pass(Socket from, Socket to) {
		try (from; to) {
			from.getInputStream().transferTo(to.getOutputStream());
		} catch (java.io.IOException closed) {
			// The other thread closed both.
		}
	}
}
