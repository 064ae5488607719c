package io.drumline.stomp.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

import io.drumline.backplane.Revocations.Kind;
import io.drumline.backplane.Revocations.Subject;
import io.drumline.stomp.client.Client;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ClientIndexTest {
  private static final Subject ANN = new Subject(Kind.USER, "ann");
  private static final Subject TOKEN = new Subject(Kind.TOKEN, "ann");

  private final Client one = mock(Client.class);
  private final Client two = mock(Client.class);
  private final Client three = mock(Client.class);
  private final ClientIndex index = new ClientIndex(2);

  @Test
  void findsThoseOfASubject() {
    index.add(ANN, one);
    index.add(ANN, two);
    index.add(ANN, two);
    index.add(TOKEN, three);

    assertThat(index.find(ANN)).containsExactlyInAnyOrder(one, two);
    assertThat(index.find(TOKEN)).containsExactly(three);
    assertThat(index.find(new Subject(Kind.SESSION, "ann"))).isEmpty();
  }

  @Test
  void forgetsThoseThatAreRemovedAndKeepsNothingOfThem() {
    index.add(ANN, one);
    index.add(ANN, two);
    index.remove(ANN, three);
    index.remove(ANN, one);
    assertThat(index.find(ANN)).containsExactly(two);
    index.remove(ANN, one);
    index.remove(ANN, two);
    index.remove(ANN, two);

    assertThat(index.find(ANN)).isEmpty();
    assertThat(index.size()).isZero();
  }

  @Test
  void aUserHasSoManyPlaces() {
    assertThat(index.enter(ANN, one)).isTrue();
    assertThat(index.enter(ANN, two)).isTrue();
    assertThat(index.enter(ANN, two)).isTrue();
    assertThat(index.enter(ANN, three)).isFalse();
    assertThat(index.find(ANN)).doesNotContain(three);

    index.remove(ANN, one);
    assertThat(index.enter(ANN, three)).isTrue();
  }

  @Test
  void aUserHasAnyNumberOfPlacesWhereThereIsNoLimit() {
    ClientIndex open = new ClientIndex(0);
    List<Client> many = Stream.generate(() -> mock(Client.class)).limit(50).toList();
    assertThat(many).allMatch(session -> open.enter(ANN, session));
    assertThat(open.find(ANN)).hasSize(50);
  }

  @Test
  void threadsTakeNoMorePlacesThanThereAre() {
    ClientIndex few = new ClientIndex(10);
    List<Client> many = Stream.generate(() -> mock(Client.class)).limit(100).toList();
    long entered =
        IntStream.range(0, 100).parallel().filter(i -> few.enter(ANN, many.get(i))).count();
    assertThat(entered).isEqualTo(10);
    many.parallelStream().forEach(session -> few.remove(ANN, session));
    assertThat(few.size()).isZero();
  }
}
